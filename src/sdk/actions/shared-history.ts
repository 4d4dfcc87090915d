import { CodedError } from '../../primitives/errors.ts';
import type { ConsentId, RecordId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import { chartBodies } from '../client/chart-bodies.ts';
import { openChart } from '../client/open-chart.ts';
import { collectKeys, readingKeysOf } from '../grants/collect-keys.ts';
import { heldGrant } from '../grants/received.ts';
import { versionedOf } from '../records/carried.ts';
import { lineOf } from '../records/versions.ts';
import type { SharedRecord } from './read-shared.ts';
import { requestRows } from './shared-pages.ts';

/** A version of a record, and the record that it names and is no version of. */
export type SharedVersion = SharedRecord & { readonly notVersionOf?: RecordId | undefined };

/**
 * All versions of a record that a grant covers, newest first: what lies in the class of the one that is asked for is
 * opened, which is one look; what does not open there is left out. Throws RECORD_UNKNOWN, what says why the one that is
 * asked for does not open, and what `readShared` throws.
 *
 * Source: docs/protocol/items.md, rule I-71.
 */
export const sharedHistory: Action<
  { readonly consent: ConsentId; readonly recordId: RecordId },
  readonly SharedVersion[]
> = {
  name: 'records/shared-history',
  async run(ctx, { consent, recordId }, options) {
    const { signal, onProgress } = options;
    const held = heldGrant(ctx, consent);
    const { rows, at } = await requestRows(ctx, held, options);
    const asked = rows.find((it) => it.row.recordId === recordId)?.row;
    if (asked === undefined) throw new CodedError('RECORD_UNKNOWN', { recordId });
    const keyOf = readingKeysOf(await collectKeys(ctx, held, { signal }), consent);
    const opened = new Map<RecordId, SharedRecord>();
    const alike = rows.filter(({ row }) => row.recordClass === asked.recordClass);
    for (const ticket of new Set(alike.map((it) => it.ticket))) {
      const shown = alike.filter((it) => it.ticket === ticket).map(({ row }) => row);
      const wanted = { account: held.patient, rows: shown, at, ticket };
      const bodies = chartBodies(ctx.gateway, wanted, signal);
      for await (const it of openChart(ctx, bodies, keyOf, signal)) {
        const { row } = it;
        if ('opened' in it) opened.set(row.recordId, { ...it.opened, row });
        else if (row.recordId === recordId) throw new CodedError(it.missing.code, { recordId });
        onProgress?.({ phase: 'opening', done: opened.size, total: alike.length });
      }
    }
    const all = [...opened.values()].map((it) => versionedOf(it, it.row.height));
    const line = lineOf(all, recordId);
    return line.flatMap(({ recordId: id, previous }) => {
      const found = opened.get(id);
      if (found === undefined) return [];
      const isForeign =
        previous !== undefined &&
        opened.has(previous) &&
        !line.some((it) => it.recordId === previous);
      return [isForeign ? { ...found, notVersionOf: previous } : found];
    });
  },
};

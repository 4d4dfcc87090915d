import { sealedLength } from '../../crypto/chunked.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { ConsentId, RecordId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import { openLiveItem } from '../client/open-items.ts';
import { collectKeys, readingKeysOf } from '../grants/collect-keys.ts';
import { heldGrant } from '../grants/received.ts';
import { versionedOf } from '../records/carried.ts';
import { lineOf } from '../records/versions.ts';
import { requestRows, type SharedRecord } from './read-shared.ts';

/** A version of a record, and the record that it names and is no version of. */
export type SharedVersion = SharedRecord & { readonly notVersionOf?: RecordId | undefined };

/**
 * All versions of a record that a grant covers, newest first: what lies in the class of the one that is asked for is
 * opened, which is one look. Throws RECORD_UNKNOWN, and what `readShared` throws.
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
    for (const { row, ticket } of alike) {
      const maxBytes = sealedLength(row.paddedSize);
      const body = await ctx.gateway.blob(row.blobId, { at, ticket, maxBytes, signal });
      const item = await openLiveItem(ctx.ledger, row, keyOf(row), body, signal);
      opened.set(row.recordId, { ...item, row });
      onProgress?.({ phase: 'opening', done: opened.size, total: alike.length });
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

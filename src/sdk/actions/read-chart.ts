import type { Purpose } from '../../api/purposes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { AccountId, ConsentId, RecordId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import { chartBodies } from '../client/chart-bodies.ts';
import type { LiveItem } from '../client/check-rows.ts';
import { type MissingBody, openChart } from '../client/open-chart.ts';
import { heldGrant } from '../grants/received.ts';
import { beforehand, openersOf } from './keys-of-rows.ts';
import { noteIdentity } from './patient-identity.ts';
import { keepingUnder, readShared, type SharedRecord } from './read-shared.ts';
import { linesOf, type RecordLine } from './record-lines.ts';
import { type Access, requestRows, type SharedListing } from './shared-pages.ts';

/** A chart as somebody reads it who treats: what matters first is opened first. */
export interface ChartToRead {
  readonly consent: ConsentId;
  /** The first that the grant allows when it is not said. */
  readonly purpose?: Purpose | undefined;
  /**
   * Which bodies come, and in which order: the least number first, and of one number as the ledger has them. Undefined:
   * its line is enough. `paddedSize` is in bytes.
   */
  readonly orderOf: (line: RecordLine, paddedSize: number) => number | undefined;
  /** Called once, before any body is asked for. */
  readonly onLines?: ((lines: readonly RecordLine[]) => void) | undefined;
  /** Called with each record as soon as it is opened and verified, in the order that was asked for. */
  readonly onRecord?: ((record: SharedRecord) => void) | undefined;
  /** Called with each of which nothing is shown, in its place of the order. */
  readonly onMissing?: ((missing: MissingBody) => void) | undefined;
}

/** What was looked at: everything in one line each, and as much of it opened as was asked for. */
export interface ReadChart {
  readonly patient: AccountId;
  readonly lines: readonly RecordLine[];
  /** One for each request: a large chart takes several. */
  readonly accesses: readonly Access[];
  /** When what was opened lies on the device, where that has a place for it (`wallet.md` W-29); it never throws. */
  readonly kept: Promise<void>;
}

/**
 * Lines and bodies under a grant by one look: the ticket that came with the rows fetches the bodies. Throws as
 * `Person.readShared`.
 */
export const readChart: Action<ChartToRead, ReadChart> = {
  name: 'records/read-chart',
  async run(ctx, { consent, purpose, orderOf, onLines, onRecord, onMissing }, options) {
    const { signal, onProgress } = options;
    const held = heldGrant(ctx, consent);
    const known = beforehand(ctx, held, signal);
    const listing = await requestRows(ctx, held, { ...options, purpose });
    const live = listing.rows.map(({ row }) => row);
    const keyOf = await openersOf(ctx, held, { rows: live, known }, signal);
    const lines = await linesOf(listing, keyOf, { signal });
    onLines?.(lines);
    const wanted = inOrder(listing, lines, orderOf);
    const accesses = [...listing.accesses];
    const records: SharedRecord[] = [];
    const take = (record: SharedRecord): void => {
      records.push(record);
      onRecord?.(record);
      onProgress?.({ phase: 'opening', done: records.length, total: wanted.length });
    };
    const keeping = keepingUnder(ctx, held);
    try {
      for (const { ticket, rows } of byTicket(wanted)) {
        const bodies = chartBodies(
          ctx.gateway,
          { account: held.patient, rows, at: listing.at, ticket },
          signal,
        );
        let came = 0;
        try {
          for await (const it of openChart(ctx, bodies, keyOf, signal, keeping.take)) {
            came += 1;
            if ('opened' in it) take({ ...it.opened, row: it.row });
            else onMissing?.(it.missing);
          }
        } catch (error) {
          // The ticket is over: a new look for the rest says whether the grant is.
          if (!isCoded(error, 'BLOB_UNKNOWN') || came === 0) throw error;
          const recordIds = rows.slice(came).map((row): RecordId => row.recordId);
          const asked = { ...options, onProgress: undefined, purpose, recordIds, onRecord: take };
          const rest = await readShared(ctx, consent, asked);
          accesses.push(...rest.accesses);
          for (const it of rest.missing) onMissing?.(it);
        }
      }
    } catch (error) {
      // What was opened by then is kept.
      await keeping.done();
      throw error;
    }
    await noteIdentity(ctx, held.patient, records);
    return { patient: held.patient, lines, accesses, kept: keeping.done() };
  },
};

interface Wanted {
  readonly row: LiveItem;
  readonly ticket: string;
  readonly order: number;
}

function inOrder(
  { rows }: SharedListing,
  lines: readonly RecordLine[],
  orderOf: ChartToRead['orderOf'],
): readonly Wanted[] {
  const lineOf = new Map(lines.map((it) => [it.recordId, it]));
  return rows
    .flatMap(({ row, ticket }): Wanted[] => {
      const line = lineOf.get(row.recordId);
      const order = line === undefined ? undefined : orderOf(line, row.paddedSize);
      return order === undefined ? [] : [{ row, ticket, order }];
    })
    .sort((a, b) => a.order - b.order);
}

/** Neighbours of one ticket go in one request. */
function byTicket(
  wanted: readonly Wanted[],
): readonly { readonly ticket: string; readonly rows: readonly LiveItem[] }[] {
  const asked: { ticket: string; rows: LiveItem[] }[] = [];
  for (const { row, ticket } of wanted) {
    const last = asked.at(-1);
    if (last?.ticket === ticket) last.rows.push(row);
    else asked.push({ ticket, rows: [row] });
  }
  return asked;
}

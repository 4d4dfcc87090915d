import type { RecordClass } from '../../api/classes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { RecordId } from '../../primitives/ids.ts';
import type { Action } from '../action.ts';
import type { Context } from '../client/context.ts';
import type { ConfirmedTx } from '../client/send-tx.ts';
import { carriedMediaType, contentOf } from '../records/carried.ts';
import { skeletonMediaType } from '../records/skeleton.ts';
import { withIdsAgain } from '../wallet/import-index.ts';
import { OwnItems } from './add-items.ts';
import { Carrier, idAgain, lineOfCarried, noMove } from './carry.ts';
import { ownChart } from './own-records.ts';

/** Where a record is to stand, and what it is to be called. */
export interface ReclassifyRequest {
  readonly recordId: RecordId;
  /** Undefined: as before. */
  readonly recordClass?: RecordClass | undefined;
  readonly name?: string | undefined;
}

export interface ReclassifiedRecord {
  readonly recordId: RecordId;
  readonly previous: RecordId;
  readonly recordClass: RecordClass;
  readonly name: string;
  readonly confirmed: ConfirmedTx;
}

/**
 * The owner files a record under another class or title: a version with the same bytes. What she brought is hers to
 * sign again; what somebody else wrote is carried whole, so that its author stays its author. Who may read the old
 * class alone does not get the new version, and keeps the old one until it is erased.
 *
 * Throws RECORD_UNKNOWN, RECORD_CLASS_SAME, REQUEST_INVALID (an import's list of parts), and as `addFile`.
 * Source: docs/protocol/items.md, rules I-80 and I-83.
 */
export const reclassifyRecord: Action<ReclassifyRequest, ReclassifiedRecord> = {
  name: 'records/reclassify',
  async run(ctx, request, { signal }) {
    const previous = request.recordId;
    const chart = await ownChart(ctx, signal);
    const row = chart.rows.liveOf(previous);
    if (row === undefined) throw new CodedError('RECORD_UNKNOWN', { recordId: previous });
    const { opened, carrier } = await new Carrier(ctx, chart, noMove).of(row, signal);
    const { head } = opened;
    const isListOfParts = contentOf(opened).head.mediaType === skeletonMediaType;
    if (isListOfParts) throw new CodedError('REQUEST_INVALID');
    const { recordClass = head.recordClass, name = head.name } = request;
    if (recordClass === head.recordClass && name === head.name) {
      throw new CodedError('RECORD_CLASS_SAME', { recordId: previous });
    }
    const recordId = idAgain(ctx, previous, recordClass);
    if (chart.rows.liveOf(recordId) !== undefined)
      throw new CodedError('RECORD_ID_TAKEN', { recordId });
    const isOwn = head.author === ctx.account.account;
    const [mediaType, bytes] = isOwn ? [head.mediaType, opened.bytes] : [carriedMediaType, carrier];
    const items = new OwnItems(ctx, signal);
    const { ordinaryClass } = head;
    const line = lineOfCarried(opened, name);
    const about = { recordId, recordClass, ordinaryClass, name, previous, mediaType };
    await items.add({ ...about, bytes, line });
    const confirmed = await items.anchor();
    await noteAgain(ctx, previous, recordId);
    return { recordId, previous, recordClass, name, confirmed };
  },
};

/** The next import of the same file finds it under its new id. */
async function noteAgain(ctx: Context, previous: RecordId, recordId: RecordId): Promise<void> {
  const { account } = ctx.account;
  const again = (id: RecordId): RecordId => (id === previous ? recordId : id);
  await ctx.noteDown((content) => ({
    ...content,
    imports: content.imports.map((it) =>
      it.account === account ? { ...it, index: withIdsAgain(it.index, again) } : it,
    ),
  }));
}

import { sealedLength } from '../../crypto/chunked.ts';
import { labels } from '../../crypto/labels.ts';
import { signLabelled } from '../../crypto/signature.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, RecordId, TxId } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import { openLiveItem } from '../client/open-items.ts';
import { againId } from '../records/again-id.ts';
import { contentOf, encodeCarrier, encodeMove } from '../records/carried.ts';
import { lockOf } from '../records/double.ts';
import type { LineOfBytes } from '../records/headline/headline-format.ts';
import { lineOfBytes } from '../records/headline/line-of-bytes.ts';
import type { OpenedItem } from '../records/item-open.ts';
import { openingSecretOfHeader } from '../records/item-wrap.ts';
import { claimedReceipt, receiptOfTx } from './fetch-receipt.ts';
import { againRoot, keyOf, type OwnChart } from './own-records.ts';

/** A larger body is not carried: reader and owner hold it in memory more than once. */
export const maxCarriedBytes = 256 * 1024 * 1024;

/** Which key of the old account signed that its records go to the new one. */
export interface SignedMove {
  readonly moveKey: Uint8Array;
  readonly moveSignature: Uint8Array;
}

export const noMove: SignedMove = {
  moveKey: new Uint8Array(0),
  moveSignature: new Uint8Array(0),
};

/** Throws what reading the keys throws. */
export async function signMove(
  from: Context,
  to: AccountId,
  signal?: AbortSignal,
): Promise<SignedMove> {
  const { sign } = await from.keys(signal);
  const { account, chainId } = from.account;
  const move = encodeMove({ chainId, from: account, to });
  return {
    moveKey: sign.publicKey,
    moveSignature: await signLabelled(sign, labels.recordMove, move),
  };
}

/** The id that a record of `account` has once it stands in the chart of `ctx`, in this class. */
export function idAgain(ctx: Context, recordId: RecordId, recordClass: string): RecordId {
  const { account } = ctx.account;
  return againId(againRoot(ctx), { recordId, account, recordClass });
}

/** An item as it is, and the bytes of one that carries it whole. */
export interface CarriedItem {
  readonly opened: OpenedItem;
  readonly carrier: Uint8Array;
}

/** The line of an item that carries another one, or is filed anew under this name: that of what is inside (I-80). */
export function lineOfCarried(opened: OpenedItem, name = opened.head.name): LineOfBytes {
  const { head, bytes } = contentOf(opened);
  const given = lineOfBytes({ bytes, mediaType: head.mediaType, name: '' });
  const nameIsFromOutside =
    given.nameIsFromOutside || opened.headline.fromOutside.name || name !== opened.head.name;
  if (!nameIsFromOutside) return given;
  return { ...lineOfBytes({ bytes, mediaType: head.mediaType, name }), nameIsFromOutside };
}

/** Makes carriers of items of one chart; of each anchor the receipt is fetched once. */
export class Carrier {
  readonly #ctx: Context;
  readonly #chart: OwnChart;
  readonly #move: SignedMove;
  readonly #receipts = new Map<TxId, Promise<Uint8Array>>();

  constructor(ctx: Context, chart: OwnChart, move: SignedMove) {
    this.#ctx = ctx;
    this.#chart = chart;
    this.#move = move;
  }

  /** Throws DOUBLE_STAYS, BODY_TOO_LARGE, KEY_NOT_HERE, and what opening and the receipt throw. */
  async of(row: LiveItem, signal?: AbortSignal): Promise<CarriedItem> {
    const ctx = this.#ctx;
    // Its carrier would open by its secret alone: one half would be gone.
    if (lockOf(row.header) !== undefined)
      throw new CodedError('DOUBLE_STAYS', { recordId: row.recordId });
    const maxBytes = sealedLength(row.paddedSize);
    if (maxBytes > maxCarriedBytes) throw new CodedError('BODY_TOO_LARGE', { maxCarriedBytes });
    const body = await ctx.gateway.blob(row.blobId, { maxBytes, signal });
    const key = keyOf(this.#chart, row);
    const opened = await openLiveItem(ctx.ledger, row, key, body, signal);
    const { account, organisationName: from } = ctx.account;
    const { header, leafContent, salt } = row;
    const openingSecret = await openingSecretOfHeader(header, key);
    const receipt = await this.#receiptOf(row, signal);
    const frame = { account, from, header, leafContent, salt, openingSecret, receipt };
    return { opened, carrier: encodeCarrier({ ...frame, ...this.#move }, body) };
  }

  async #receiptOf(row: LiveItem, signal?: AbortSignal): Promise<Uint8Array> {
    const kept = this.#receipts.get(row.txId) ?? receiptOfTx(this.#ctx, row.txId, { signal });
    this.#receipts.set(row.txId, kept);
    return claimedReceipt(this.#ctx, await kept, row);
  }
}

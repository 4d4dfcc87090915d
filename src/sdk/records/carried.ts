import { messageObjects } from '../../api/object-types.ts';
import { currentSuite } from '../../api/signed.ts';
import { maxReceiptBytes } from '../../ledger/chain/receipt.ts';
import { concatBytes, readU32be, u32be } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, RecordId } from '../../primitives/ids.ts';
import {
  accountId,
  bytes,
  decodeAs,
  encodeAs,
  type Of,
  optionalBytes,
  text,
  typed,
} from '../../primitives/shape.ts';
import type { ItemHead } from './item-inside.ts';
import type { Versioned } from './versions.ts';

/** Media type of an item that holds another one whole. */
export const carriedMediaType = 'application/vnd.salus.carried+cbor';

/** An item moved so often is still followed to its first author. */
export const maxCarriedDepth = 8;
/** The receipt, and with room to spare the header, the leaf and the rest. */
const maxFrameBytes = maxReceiptBytes + 64 * 1024;

/**
 * What a reader needs beside the sealed body to open an item of another chart, or of this one under another class, as
 * if it were read there: nothing in it is new, and everything is checked as it was then.
 *
 * The bytes of a carrier are `u32be length of the frame ‖ frame ‖ sealed body`.
 * Source: docs/protocol/items.md, rules I-80 to I-82.
 */
const frameShape = typed(currentSuite, messageObjects.carriedItem, {
  /** Whose chart it lies in, or lay. */
  account: accountId,
  /** What the hospital of that account called itself, as the owner says. */
  from: text(200),
  header: bytes(),
  leafContent: bytes(),
  salt: bytes(32),
  /** Opens this one item (I-26). */
  openingSecret: bytes(32),
  /** Of its anchor, with the leaf as its claim. */
  receipt: bytes(),
  /** By which key of `account` the move was signed; none: it stays in its chart. */
  moveKey: optionalBytes(32),
  moveSignature: optionalBytes(64),
});
export type CarriedFrame = Of<typeof frameShape>;

const moveShape = typed(currentSuite, messageObjects.moveStatement, {
  chainId: text(50),
  from: accountId,
  to: accountId,
});

/** What an account signs whose records move to another one (label record/move). */
export function encodeMove(move: Of<typeof moveShape>): Uint8Array {
  return encodeAs(moveShape, move);
}

/** How an item came to be where it is, and what it says, as far as that could be checked. */
export interface Carried {
  /** The chart that it lay in. */
  readonly account: AccountId;
  readonly from: string;
  /** Undefined: all of it holds. Else the first thing that does not. */
  readonly notVerified: string | undefined;
  /** What its author signed; undefined where it does not open at all. */
  readonly head: ItemHead | undefined;
  readonly bytes: Uint8Array;
  /** Where and when it was anchored, by its receipt; undefined without one that holds. */
  readonly anchored: { readonly height: number; readonly timeMs: number } | undefined;
  /** What it carried itself. */
  readonly carried: Carried | undefined;
}

export function encodeCarrier(frame: CarriedFrame, body: Uint8Array): Uint8Array {
  const encoded = encodeAs(frameShape, frame);
  return concatBytes(u32be(encoded.length), encoded, body);
}

/** Throws CARRIER_INVALID. */
export function decodeCarrier(carrier: Uint8Array): {
  readonly frame: CarriedFrame;
  readonly body: Uint8Array;
} {
  try {
    const length = readU32be(carrier);
    if (length > maxFrameBytes || 4 + length > carrier.length) throw new RangeError('length');
    const frame = decodeAs(frameShape, carrier.subarray(4, 4 + length), 'frame');
    return { frame, body: carrier.subarray(4 + length) };
  } catch (cause) {
    throw new CodedError('CARRIER_INVALID', {}, cause);
  }
}

/**
 * An item as a person reads it: what the innermost author wrote, under the id that it has in this chart. What its owner
 * wrote in the chart of before she wrote herself: the author is this chart's account.
 */
export interface Content {
  readonly head: ItemHead;
  readonly bytes: Uint8Array;
  /** From where it came, the last place first; empty: it was written here. */
  readonly path: readonly Carried[];
}

/** What is inside an item that carries another one; else the item itself. */
export function contentOf(opened: {
  readonly head: ItemHead;
  readonly bytes: Uint8Array;
  readonly carried?: Carried | undefined;
}): Content {
  let content: Content = { head: opened.head, bytes: opened.bytes, path: [] };
  for (let at = opened.carried; at !== undefined; at = at.carried) {
    const { head, bytes: inner } = at;
    if (head === undefined) return { ...content, path: [...content.path, at] };
    content = { head, bytes: inner, path: [...content.path, at] };
  }
  const { recordId, account, recordClass, previous, name } = opened.head;
  const isOwners =
    content.head.author === content.head.account &&
    content.path.every((it) => it.notVerified === undefined);
  const author = isOwners ? account : content.head.author;
  const here = { recordId, account, recordClass, previous, name, author };
  return { ...content, head: { ...content.head, ...here } };
}

/** What `versions.ts` asks of an opened item; `height` is that of its anchor. */
export function versionedOf(
  opened: {
    readonly head: ItemHead;
    readonly bytes: Uint8Array;
    readonly carried?: Carried | undefined;
  },
  height: number,
): Versioned {
  const { recordId, account, previous } = opened.head;
  const { head, path } = contentOf(opened);
  const holds = path.every((it) => it.notVerified === undefined);
  const [last] = path;
  const carries: RecordId | undefined =
    holds && last?.account === account ? last.head?.recordId : undefined;
  const author = holds ? head.author : opened.head.author;
  return { recordId, account, previous, author, carries, height };
}

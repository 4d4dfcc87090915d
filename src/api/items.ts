import * as z from 'zod/mini';
import { concatBytes } from '../primitives/bytes.ts';
import { type Cbor, cborSequence } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  accountId,
  bytes,
  checked,
  consentId,
  encodeAs,
  list,
  type Of,
  type Shape,
  struct,
  uint as uintShape,
  uintTo,
} from '../primitives/shape.ts';
import { maxGrantBodyBytes } from './grant-body.ts';
import { headlineBytes, maxWrapBytes } from './item.ts';
import { base64urlText, blobIdText, uint } from './message-parts.ts';

/** Delivering and erasing items. Source: docs/protocol/http.md, H-9, H-12. */
export const maxItemsPerPost = 4_096;

/** Bytes, at most so many. */
export const bytesTo = (most: number): Shape<Uint8Array> =>
  checked(bytes(), ({ length }, field) => {
    if (length > most) throw new CodedError('CBOR_SHAPE', { field });
  });

export const maxLeafContentBytes = 256;
/** A wrap, and what a header says beside it. */
export const maxHeaderBytes = maxWrapBytes + headlineBytes + 64;

/** One row of a delivery. */
const itemInput = struct({
  salt: bytes(32),
  leafContent: bytesTo(maxLeafContentBytes),
  header: bytesTo(maxHeaderBytes),
});
export type ItemInput = Of<typeof itemInput>;

/** What a writer shows who is not the owner; `signature` by the grant's write key, label items/sign. */
const writeConsent = struct({
  id: consentId,
  body: bytesTo(maxGrantBodyBytes),
  salt: bytes(32),
  signature: bytes(64),
});
export type WriteConsent = Of<typeof writeConsent>;

/** What stands before the rows: how many they are is known before the first is read. */
const itemsHead = struct({
  account: accountId,
  epoch: uintShape,
  /** None: the owner delivers. */
  consent: list(writeConsent, { most: 1 }),
  count: uintTo(maxItemsPerPost),
});
export type ItemsHead = Of<typeof itemsHead>;

/** The largest delivery: head and rows as long as each may be, and a few bytes each for CBOR's heads. */
export const maxItemsBytes =
  maxGrantBodyBytes + 512 + maxItemsPerPost * (maxLeafContentBytes + maxHeaderBytes + 48);

/** A delivery as it travels: CBOR of the head, then of each row, one after the other. */
export function encodeItems(
  head: Omit<ItemsHead, 'count'>,
  rows: readonly ItemInput[],
): Uint8Array {
  const encoded = rows.map((row) => encodeAs(itemInput, row));
  return concatBytes(encodeAs(itemsHead, { ...head, count: rows.length }), ...encoded);
}

/**
 * Reads a delivery row by row, each when it is asked for, so that many of them need not be one piece of work.
 * Throws CBOR_INVALID, CBOR_SHAPE (also for more or fewer rows than the head says), ID_FORMAT.
 */
export function readItems(encoded: Uint8Array): {
  readonly head: ItemsHead;
  readonly rows: Generator<ItemInput, void, undefined>;
} {
  const values = cborSequence(encoded);
  const head = itemsHead.decode(values.next().value ?? undefined, 'head');
  if (head.count === 0) throw new CodedError('CBOR_SHAPE', { field: 'count' });
  return { head, rows: rowsOf(values, head.count) };
}

function* rowsOf(
  values: Generator<Cbor, void, undefined>,
  count: number,
): Generator<ItemInput, void, undefined> {
  let read = 0;
  for (const value of values) {
    read += 1;
    if (read > count) break;
    yield itemInput.decode(value, 'row');
  }
  if (read !== count) throw new CodedError('CBOR_SHAPE', { field: 'count' });
}

export const itemsAnswer = z.object({
  root: base64urlText(32),
  count: uint,
  accepted: z.literal(true),
});
export type ItemsAnswer = z.infer<typeof itemsAnswer>;

export const eraseAnswer = z.object({
  erased: z.array(z.object({ leaf: base64urlText(32), tombstone: base64urlText(1024) })),
});
export type EraseAnswer = z.infer<typeof eraseAnswer>;

export const storedAnswer = z.object({
  stored: z.array(z.object({ id: blobIdText, bytes: uint })),
});
export type StoredAnswer = z.infer<typeof storedAnswer>;

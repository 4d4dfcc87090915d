import { z } from 'zod';
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
import {
  base64urlText,
  blobIdText,
  consentIdText,
  height,
  recordIdText,
  timeMs,
  txIdText,
  uint,
} from './message-parts.ts';
import { maxReadRecords } from './read-request.ts';

/** Delivering, listing, reading and erasing items. Source: docs/protocol/http.md, H-9, H-10, H-12. */
export const maxItemsPerPost = 4_096;

const bytesTo = (most: number): Shape<Uint8Array> =>
  checked(bytes(), ({ length }, field) => {
    if (length > most) throw new CodedError('CBOR_SHAPE', { field });
  });

const maxLeafContentBytes = 256;
/** A wrap, and what a header says beside it. */
const maxHeaderBytes = maxWrapBytes + headlineBytes + 64;

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

/** Where an item stands: `path` leads from its leaf (number `index` of `count`) to the anchored `root`. */
const place = {
  recordId: recordIdText,
  txId: txIdText,
  height,
  timeMs,
  epoch: uint,
  consent: consentIdText.optional(),
  root: base64urlText(32),
  index: uint,
  count: uint,
  path: z.array(base64urlText(32)).max(64),
};

export const liveRow = z.object({
  state: z.literal('live'),
  ...place,
  salt: base64urlText(32),
  leafContent: base64urlText(maxLeafContentBytes),
  header: base64urlText(maxHeaderBytes),
});
export type LiveRow = z.infer<typeof liveRow>;

/** The hash of the leaf stays, since its siblings' paths need it; `tombstone` is the signed Erased. */
export const erasedRow = z.object({
  state: z.literal('erased'),
  ...place,
  leaf: base64urlText(32),
  tombstone: base64urlText(1024),
});
export type ErasedRow = z.infer<typeof erasedRow>;

export const itemRow = z.discriminatedUnion('state', [liveRow, erasedRow]);
export type ItemRow = z.infer<typeof itemRow>;

export const itemsPage = z.object({
  /** How often rows of the account were shown or erased: what the next listing says as `changed`. */
  changes: uint,
  rows: z.array(itemRow).max(maxReadRecords),
  next: z.string().max(64).optional(),
});
export type ItemsPage = z.infer<typeof itemsPage>;

/** `access` says where the look stands on the ledger, `salt` opens its entry hash. */
export const readAnswer = z.object({
  rows: z.array(itemRow).max(maxReadRecords),
  next: z.string().max(64).optional(),
  ticket: z.string().max(128),
  ticketUntilMs: timeMs,
  access: z.object({ txId: txIdText, height, index: uint }),
  salt: base64urlText(32),
});
export type ReadAnswer = z.infer<typeof readAnswer>;

export const eraseAnswer = z.object({
  erased: z.array(z.object({ leaf: base64urlText(32), tombstone: base64urlText(1024) })),
});
export type EraseAnswer = z.infer<typeof eraseAnswer>;

export const storedAnswer = z.object({
  stored: z.array(z.object({ id: blobIdText, bytes: uint })),
});
export type StoredAnswer = z.infer<typeof storedAnswer>;

import { labels } from '../../crypto/labels.ts';
import { type SigningKey, signLabelled, verifyLabelled } from '../../crypto/signature.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import {
  accountId,
  blobId,
  bytes,
  decodeAs,
  encodeAs,
  list,
  optionalBytes,
  type Shape,
  struct,
  text,
  typed,
  uint,
} from '../../primitives/shape.ts';

/**
 * What storage nodes say to each other. What is signed travels as `[body, signature]`, both byte strings, by the storage
 * key of who says it. Source: docs/protocol/storage-network.md; numbers: docs/adr/0011-numbers.md.
 */
const suite = 2;
export const storageObjects = {
  pin: 150,
  pinned: 151,
  challenge: 152,
  possessed: 153,
  erase: 154,
  erased: 155,
} as const;

export const maxPins = 256;
export const maxChallenged = 8;
export const maxErased = 512;

const between = { chainId: text(128), from: accountId, to: accountId, atMs: uint };

/** A custodian asks a member to keep blobs (SN-10). */
export const pinShape = typed(suite, storageObjects.pin, {
  ...between,
  blobs: list(struct({ id: blobId, bytes: uint }), { least: 1, most: maxPins }),
});

/** What of it the member keeps now; an empty code stands for "kept" (SN-11). */
export const pinnedShape = typed(suite, storageObjects.pinned, {
  ...between,
  blobs: list(struct({ id: blobId, bytes: uint, code: text(64) }), { most: maxPins }),
});

/** Not signed: whoever asks gets an answer, if he is a member (SN-12). */
export const challengeShape = typed(suite, storageObjects.challenge, {
  chainId: text(128),
  holder: accountId,
  height: uint,
  blockHash: bytes(32),
  nonce: bytes(32),
  ids: list(blobId, { least: 1, most: maxChallenged }),
});

/** An empty proof stands for "I do not have it" (SN-13). */
export const possessedShape = typed(suite, storageObjects.possessed, {
  ...between,
  height: uint,
  nonce: bytes(32),
  blobs: list(struct({ id: blobId, proof: optionalBytes(32) }), { most: maxChallenged }),
});

/** The tombstone: a custodian's claim on these ended (SN-16). */
export const eraseShape = typed(suite, storageObjects.erase, {
  ...between,
  ids: list(blobId, { least: 1, most: maxErased }),
});

export const erasedShape = typed(suite, storageObjects.erased, {
  ...between,
  ids: list(blobId, { most: maxErased }),
});

const signedShape = struct({ body: bytes(), signature: bytes(64) });

/** What every signed statement names: the ledger, who says it, to whom, when. */
interface Between {
  readonly chainId: string;
  readonly from: AccountId;
  readonly to: AccountId;
}

/** Body and signature, as they travel. */
async function sign<T>(
  shape: Shape<T>,
  value: T,
  signed: (body: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const body = encodeAs(shape, value);
  return encodeAs(signedShape, { body, signature: await signed(body) });
}

/** Who must have said it, to whom, and with which key. */
export interface Expected extends Between {
  readonly storageKey: Uint8Array;
}

/** Throws PIN_REFUSED for what is not signed by `from`, to `to`, under this ledger; and what decoding throws. */
async function check<T extends Between>(
  shape: Shape<T>,
  travelled: Uint8Array,
  { expected, holds }: { readonly expected: Expected; readonly holds: Holds },
): Promise<T> {
  const { body, signature } = decodeAs(signedShape, travelled);
  const value = decodeAs(shape, body);
  const { chainId, from, to, storageKey } = expected;
  if (value.chainId !== chainId || value.from !== from || value.to !== to) {
    throw new CodedError('PIN_REFUSED', { from: value.from, to: value.to });
  }
  if (!(await holds(storageKey, body, signature))) {
    throw new CodedError('PIN_REFUSED', { from: value.from, problem: 'signature' });
  }
  return value;
}

type Holds = (key: Uint8Array, body: Uint8Array, signature: Uint8Array) => Promise<boolean>;

/** A statement of one kind, in both directions. */
export interface Statement<T> {
  sign(key: SigningKey, value: T): Promise<Uint8Array>;
  /** Throws PIN_REFUSED, and CBOR_SHAPE and its like for what is no such statement. */
  check(travelled: Uint8Array, expected: Expected): Promise<T>;
}

const statement = <T extends Between>(
  shape: Shape<T>,
  signed: (key: SigningKey, body: Uint8Array) => Promise<Uint8Array>,
  holds: Holds,
): Statement<T> => ({
  sign: (key, value) => sign(shape, value, (body) => signed(key, body)),
  check: (travelled, expected) => check(shape, travelled, { expected, holds }),
});

export const pinStatement = statement(
  pinShape,
  (key, body) => signLabelled(key, labels.storagePin, body),
  (key, body, signature) => verifyLabelled(key, labels.storagePin, body, signature),
);
export const pinnedStatement = statement(
  pinnedShape,
  (key, body) => signLabelled(key, labels.storagePinned, body),
  (key, body, signature) => verifyLabelled(key, labels.storagePinned, body, signature),
);
export const possessedStatement = statement(
  possessedShape,
  (key, body) => signLabelled(key, labels.storagePossessed, body),
  (key, body, signature) => verifyLabelled(key, labels.storagePossessed, body, signature),
);
export const eraseStatement = statement(
  eraseShape,
  (key, body) => signLabelled(key, labels.storageErase, body),
  (key, body, signature) => verifyLabelled(key, labels.storageErase, body, signature),
);
export const erasedStatement = statement(
  erasedShape,
  (key, body) => signLabelled(key, labels.storageErased, body),
  (key, body, signature) => verifyLabelled(key, labels.storageErased, body, signature),
);

import { sha256 } from '../crypto/hash.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { readArray } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import {
  bytes,
  decodeAs,
  encodeAs,
  list,
  mapped,
  optionalBytes,
  type Shape,
  struct,
  uint,
} from '../primitives/shape.ts';
import { appHashOf, type LogHeads } from './app-hash.ts';
import { stateKey } from './table.ts';
import { bitAt, emptyHash, stateInnerHash, stateLeafHash } from './tree-page.ts';

/** The way from a row, or from the place where it would stand, up to the root of the state tree. */
export interface StateProof {
  /** From the root downwards; 32 zeros for an empty place. */
  readonly siblings: readonly Uint8Array[];
  /** The leaf of another key that stands on the key's path: then the key is absent. */
  readonly neighbour: { readonly keyHash: Uint8Array; readonly valueHash: Uint8Array } | undefined;
}

/**
 * Whether `proof` shows that under `root` the key has exactly this value (undefined: that it has none).
 * Runs in a browser too. Source: docs/protocol/state.md, rule ST-6.
 */
export function verifyStateProof(
  root: Uint8Array,
  key: Uint8Array,
  value: Uint8Array | undefined,
  proof: StateProof,
): boolean {
  const reached = rootFromStateProof(key, value, proof);
  return reached !== undefined && equalBytes(reached, root);
}

/** The root that the proof leads to; undefined when it contradicts the claim in itself. */
function rootFromStateProof(
  key: Uint8Array,
  value: Uint8Array | undefined,
  { siblings, neighbour }: StateProof,
): Uint8Array | undefined {
  const keyHash = sha256(key);
  if (siblings.length > 256) return undefined;
  let hash = emptyHash;
  if (value !== undefined) {
    if (neighbour !== undefined) return undefined;
    hash = stateLeafHash({ keyHash, valueHash: sha256(value) });
  } else if (neighbour !== undefined) {
    // The neighbour must be another key, on the same path down to where the proof ends.
    if (equalBytes(neighbour.keyHash, keyHash)) return undefined;
    if (sharedBits(neighbour.keyHash, keyHash) < siblings.length) return undefined;
    hash = stateLeafHash(neighbour);
  }
  for (let depth = siblings.length - 1; depth >= 0; depth--) {
    const sibling = siblings[depth] ?? emptyHash;
    hash =
      bitAt(keyHash, depth) === 1 ? stateInnerHash(sibling, hash) : stateInnerHash(hash, sibling);
  }
  return hash;
}

function sharedBits(a: Uint8Array, b: Uint8Array): number {
  for (let depth = 0; depth < 256; depth++) if (bitAt(a, depth) !== bitAt(b, depth)) return depth;
  return 256;
}

/** 32 bytes, or empty for 32 zeros. */
const sibling = mapped(
  optionalBytes(32),
  (hash: Uint8Array) => (equalBytes(hash, emptyHash) ? new Uint8Array(0) : hash),
  (read) => (read.length === 0 ? emptyHash : read),
);

const otherLeaf = struct({ keyHash: bytes(32), valueHash: bytes(32) });
/** The leaf, or `[]`. */
const neighbourOrNone: Shape<StateProof['neighbour']> = {
  encode: (leaf) => (leaf === undefined ? [] : otherLeaf.encode(leaf)),
  decode: (value, field) =>
    readArray(value, field).length === 0 ? undefined : otherLeaf.decode(value, field),
};

/** The proof that travels. It leads to the app hash, which the next block's header carries. */
const stateAnswerProof = struct({
  userRoot: bytes(32),
  userSize: uint,
  docRoot: bytes(32),
  docSize: uint,
  siblings: list(sibling),
  neighbour: neighbourOrNone,
});

/** As it travels (ST-6). */
export function encodeStateAnswerProof(logs: LogHeads, proof: StateProof): Uint8Array {
  return encodeAs(stateAnswerProof, {
    userRoot: logs.user.root,
    userSize: logs.user.size,
    docRoot: logs.doc.root,
    docSize: logs.doc.size,
    ...proof,
  });
}

/**
 * For clients: throws PROOF_INVALID unless `proof` shows, under this app hash, that the row `id` of `table`
 * is `value` (undefined: that there is no such row). Any malformed proof fails in the same way.
 */
export function verifyStateAnswer(
  appHash: Uint8Array,
  row: { readonly table: string; readonly id: string | Uint8Array },
  value: Uint8Array | undefined,
  proof: Uint8Array,
): void {
  if (!holds(appHash, stateKey(row.table, row.id), value, proof)) {
    throw new CodedError('PROOF_INVALID', { table: row.table });
  }
}

function holds(
  appHash: Uint8Array,
  key: Uint8Array,
  value: Uint8Array | undefined,
  bytes: Uint8Array,
): boolean {
  try {
    const { logs, proof } = decodeStateAnswerProof(bytes);
    const root = rootFromStateProof(key, value, proof);
    return root !== undefined && equalBytes(appHashOf(root, logs), appHash);
  } catch {
    return false;
  }
}

function decodeStateAnswerProof(encoded: Uint8Array): { logs: LogHeads; proof: StateProof } {
  const { userRoot, userSize, docRoot, docSize, ...proof } = decodeAs(stateAnswerProof, encoded);
  return {
    logs: { user: { root: userRoot, size: userSize }, doc: { root: docRoot, size: docSize } },
    proof,
  };
}

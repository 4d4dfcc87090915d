import { sha256 } from '../crypto/hash.ts';
import { equalBytes } from '../primitives/bytes.ts';
import { decodeCbor, encodeCbor, readArray, readBytes, readUint } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
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

/**
 * The proof that travels: `[user log root, user log size, doc log root, doc log size, siblings, neighbour]`,
 * a sibling being 32 bytes or empty for 32 zeros, the neighbour `[]` or `[key hash, value hash]`.
 * It leads to the app hash, which the next block's header carries.
 */
export function encodeStateAnswerProof(logs: LogHeads, proof: StateProof): Uint8Array {
  const { siblings, neighbour } = proof;
  return encodeCbor([
    logs.user.root,
    logs.user.size,
    logs.doc.root,
    logs.doc.size,
    siblings.map((sibling) => (equalBytes(sibling, emptyHash) ? new Uint8Array(0) : sibling)),
    neighbour === undefined ? [] : [neighbour.keyHash, neighbour.valueHash],
  ]);
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

function decodeStateAnswerProof(bytes: Uint8Array): { logs: LogHeads; proof: StateProof } {
  const fields = readArray(decodeCbor(bytes), 'proof', 6);
  const neighbour = readArray(fields[5], 'neighbour');
  if (neighbour.length !== 0 && neighbour.length !== 2) throw new CodedError('CBOR_SHAPE');
  return {
    logs: {
      user: { root: readBytes(fields[0], 'root', 32), size: readUint(fields[1], 'size') },
      doc: { root: readBytes(fields[2], 'root', 32), size: readUint(fields[3], 'size') },
    },
    proof: {
      siblings: readArray(fields[4], 'siblings').map((sibling) => {
        const hash = readBytes(sibling, 'sibling');
        return hash.length === 0 ? emptyHash : readBytes(hash, 'sibling', 32);
      }),
      neighbour:
        neighbour.length === 0
          ? undefined
          : {
              keyHash: readBytes(neighbour[0], 'keyHash', 32),
              valueHash: readBytes(neighbour[1], 'valueHash', 32),
            },
    },
  };
}

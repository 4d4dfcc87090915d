import { messageObjects } from '../../api/object-types.ts';
import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { deriveKey, labelledInfo } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import type { PassphraseStretcher } from '../../crypto/passphrase.ts';
import { randomBytes } from '../../crypto/random.ts';
import { suite } from '../../ledger/object-types.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readText,
} from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  bytes,
  decodeAs,
  encodeAs,
  hexId,
  list,
  type Of,
  struct,
  typed,
  uint,
  uintTo,
} from '../../primitives/shape.ts';
import { contentBytes } from './content.ts';
import { openFileOfBefore } from './file-before.ts';
import { localShape } from './local.ts';
import { shardLimits } from './shards.ts';
import {
  type PassphraseKey,
  passphraseKeyFor,
  strangersKey,
  type Unlocker,
  unwrapRoot,
} from './unlock.ts';

/** The index is what a person acts with, and is written whole at each change: it stays small. */
export const indexLimits = {
  /** What is written, but for what takes something back. */
  usualBytes: 1024 * 1024,
  /** What is written and read at all. */
  mostBytes: 2 * 1024 * 1024,
  unlockers: 16,
} as const;

/** Wallets of before had all in one file. */
const maxFileBytes = 64 * 1024 * 1024;

export const layoutShape = struct({
  /** Under which a grant's bucket is chosen. */
  secret: bytes(32),
  buckets: uintTo(shardLimits.mostBuckets),
  shards: list(struct({ bucket: uint, name: hexId(16), key: bytes(32), bytes: uint }), {
    most: 2 * shardLimits.mostBuckets,
  }),
});
/** Where the shards lie. */
export type Layout = Of<typeof layoutShape>;

const walletIndex = typed(suite, messageObjects.walletIndex, {
  /** Without what lies in shards. */
  content: contentBytes,
  layout: layoutShape,
  local: localShape,
});
/** What the wallet file holds beside its unlockers. */
export type WalletIndex = Of<typeof walletIndex>;

/** An open file, and how it was opened. */
export interface OpenFile {
  readonly unlockers: readonly Unlocker[];
  readonly key: PassphraseKey;
  readonly root: Uint8Array;
  readonly index: WalletIndex;
}

/** No shard yet. */
export function newLayout(): Layout {
  return { secret: randomBytes(32), buckets: shardLimits.leastBuckets, shards: [] };
}

/**
 * The wallet as it lies on a person's device, but for its shards: `[2, 49, [[kind, parameters, wrap 60]...],
 * nonce 12 ‖ AES-256-GCM]`. Source: docs/protocol/wallet.md, rules W-1 and W-2.
 */
export async function sealWalletFile(
  unlockers: readonly Unlocker[],
  root: Uint8Array,
  index: WalletIndex,
): Promise<Uint8Array> {
  const sealed = await sealUnderKey(indexKeyOf(root), aad, encodeWalletIndex(index));
  const ways = unlockers.map(({ kind, parameters, wrap }): Cbor => [kind, parameters, wrap]);
  return encodeCbor([suite, messageObjects.walletFile, ways, sealed]);
}

/** `[2, 54, content, layout, local]`. Throws WALLET_INVALID: what would not be read again is not written. */
export function encodeWalletIndex(index: WalletIndex): Uint8Array {
  const encoded = encodeAs(walletIndex, index);
  decodeWalletIndex(encoded);
  return encoded;
}

/** Throws WALLET_INVALID. */
export function decodeWalletIndex(encoded: Uint8Array): WalletIndex {
  try {
    return decodeAs(walletIndex, encoded, 'index');
  } catch (cause) {
    throw new CodedError('WALLET_INVALID', {}, cause);
  }
}

/**
 * Opens the file by its passphrase; also one of before, whose content then lies in no shard. Throws WALLET_INVALID (not a wallet, or damaged), WALLET_KDF (settings outside the
 * limits), PASSPHRASE_WRONG.
 */
export async function openWalletFile(
  passphrase: string,
  file: Uint8Array,
  stretch?: PassphraseStretcher,
): Promise<OpenFile> {
  const parsed = parseFile(file);
  if ('before' in parsed) {
    const { key, ...read } = await openFileOfBefore(passphrase, parsed.before, stretch);
    return { unlockers: [], key, root: randomBytes(32), index: { ...read, layout: newLayout() } };
  }
  const { unlockers, sealed } = parsed;
  const key = await passphraseKeyFor(unlockers, passphrase, stretch);
  const root = await unwrapRoot(key, unlockers);
  return { unlockers, key, root, index: await openIndex(root, sealed) };
}

/** The ways that stand in a file, which nothing needs to be known for. Throws WALLET_INVALID. */
export function unlockersOf(file: Uint8Array): readonly Unlocker[] {
  const parsed = parseFile(file);
  return 'before' in parsed ? [] : parsed.unlockers;
}

/**
 * Opens the file by its root. Its passphrase is not known then: a root that another process changes is not followed.
 * Throws WALLET_INVALID (another root, a file of before, or damaged).
 */
export async function openWalletFileByRoot(root: Uint8Array, file: Uint8Array): Promise<OpenFile> {
  const parsed = parseFile(file);
  if ('before' in parsed) throw new CodedError('WALLET_INVALID', { reason: 'before' });
  const { unlockers, sealed } = parsed;
  const index = await openIndex(root, sealed);
  return { unlockers, key: strangersKey(unlockers), root: root.slice(), index };
}

/**
 * Opens it again with what is at hand, after another process wrote it. Throws WALLET_INVALID, PASSPHRASE_WRONG (the
 * other process set another).
 */
export async function reopenWalletFile(
  held: Pick<OpenFile, 'key' | 'root'>,
  file: Uint8Array,
): Promise<OpenFile> {
  const parsed = parseFile(file);
  if ('before' in parsed) throw new CodedError('WALLET_INVALID', { reason: 'before' });
  const { unlockers, sealed } = parsed;
  const { key } = held;
  // The passphrase may have changed under the same root, or the root under the same passphrase.
  const index = await openIndex(held.root, sealed).catch(() => undefined);
  if (index !== undefined) return { unlockers, key, root: held.root, index };
  const root = await unwrapRoot(key, unlockers);
  return { unlockers, key, root, index: await openIndex(root, sealed) };
}

async function openIndex(root: Uint8Array, sealed: Uint8Array): Promise<WalletIndex> {
  const plain = await openUnderKey(indexKeyOf(root), aad, sealed).catch((cause: unknown) => {
    throw new CodedError('WALLET_INVALID', {}, cause);
  });
  return decodeWalletIndex(plain);
}

const indexKeyOf = (root: Uint8Array): Uint8Array => deriveKey(root, labels.walletIndex, []);
const aad = labelledInfo(labels.walletIndex, [suite, messageObjects.walletFile]);

type Parsed =
  | { readonly unlockers: readonly Unlocker[]; readonly sealed: Uint8Array }
  | { readonly before: readonly Cbor[] };

function parseFile(file: Uint8Array): Parsed {
  if (file.length > maxFileBytes) throw new CodedError('WALLET_INVALID', { bytes: file.length });
  try {
    const fields = readArray(decodeCbor(file), 'wallet', 4);
    if (fields[0] !== suite) throw new CodedError('SUITE_UNKNOWN');
    if (fields[1] !== messageObjects.walletFile) throw new CodedError('TYPE_UNKNOWN');
    const ways = readArray(fields[2], 'unlockers');
    if (typeof ways[0] === 'string') return { before: fields };
    if (file.length > 2 * indexLimits.mostBytes || ways.length > indexLimits.unlockers) {
      throw new CodedError('CBOR_SHAPE', { field: 'unlockers' });
    }
    return { unlockers: ways.map(unlockerFrom), sealed: readBytes(fields[3], 'sealed') };
  } catch (cause) {
    throw new CodedError('WALLET_INVALID', {}, cause);
  }
}

function unlockerFrom(way: Cbor): Unlocker {
  const [kind, parameters, wrap] = readArray(way, 'unlocker', 3);
  return {
    kind: readText(kind, 'kind'),
    parameters: parameters ?? null,
    wrap: readBytes(wrap, 'wrap'),
  };
}

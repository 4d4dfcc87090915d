import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { ShardContent, WalletContent } from './content.ts';
import {
  indexLimits,
  type Layout,
  newLayout,
  type OpenFile,
  openWalletFile,
  openWalletFileByRoot,
  reopenWalletFile,
  sealWalletFile,
} from './file.ts';
import type { WalletLocal } from './local.ts';
import {
  bucketsUnder,
  intoBuckets,
  isSameShard,
  openShard,
  type ShardRef,
  sealShard,
  shardLimits,
  withoutShards,
  withShards,
} from './shards.ts';
import type { WalletStore } from './store.ts';
import { type PassphraseKey, type Unlocker, withPassphrase, wrapRoot } from './unlock.ts';

/** A wallet that is open, and how it lies in its place. */
export interface HeldWallet {
  readonly content: WalletContent;
  readonly key: PassphraseKey;
  readonly root: Uint8Array;
  readonly unlockers: readonly Unlocker[];
  readonly layout: Layout;
  readonly local: WalletLocal;
  /** By the name of its file, what each shard holds. */
  readonly shards: ReadonlyMap<string, ShardContent>;
  /** Shards that cannot be read here. */
  readonly lost: readonly ShardRef[];
  /** The file as it lies there. */
  readonly file: Uint8Array;
}

/** What a wallet that was never written has of it. */
type Unwritten = Pick<HeldWallet, 'key' | 'root' | 'unlockers'> & Partial<HeldWallet>;

/** Throws WALLET_UNKNOWN, WALLET_INVALID, WALLET_KDF, PASSPHRASE_WRONG. */
export async function readWallet(store: WalletStore, passphrase: string): Promise<HeldWallet> {
  return reading(store, undefined, (file) =>
    openWalletFile(passphrase, file, store.stretchPassphrase),
  );
}

/** Throws WALLET_UNKNOWN, WALLET_INVALID (another root). */
export async function readWalletByRoot(store: WalletStore, root: Uint8Array): Promise<HeldWallet> {
  return reading(store, undefined, (file) => openWalletFileByRoot(root, file));
}

/** After another process wrote `file`; what is as it was is not read again. */
export async function rereadWallet(
  store: WalletStore,
  held: HeldWallet,
  file: Uint8Array,
): Promise<HeldWallet> {
  return reading(store, held, (read) => reopenWalletFile(held, read), file);
}

/** A process that writes takes away shards while another reads: then the file is read again. */
async function reading(
  store: WalletStore,
  held: HeldWallet | undefined,
  open: (file: Uint8Array) => Promise<OpenFile>,
  first?: Uint8Array,
): Promise<HeldWallet> {
  for (let tries = 3; ; tries--) {
    const file = (tries === 3 ? first : undefined) ?? (await store.load());
    if (file === undefined) throw new CodedError('WALLET_UNKNOWN');
    const { index, ...opened } = await open(file);
    const shards = new Map<string, ShardContent>();
    const lost: ShardRef[] = [];
    for (const ref of index.layout.shards) {
      const shard = held?.shards.get(ref.name) ?? (await readShard(store, ref));
      if (shard === undefined) lost.push(ref);
      else shards.set(ref.name, shard);
    }
    if (lost.length > 0 && tries > 1) continue;
    const content = withShards(index.content, [...shards.values()]);
    const { layout, local } = index;
    return { ...opened, layout, local, content, shards, lost, file };
  }
}

/** Undefined: it is missing, or damaged. */
async function readShard(store: WalletStore, ref: ShardRef): Promise<ShardContent | undefined> {
  const sealed = await store.loadShard(ref.name);
  if (sealed === undefined || sealed.length > shardLimits.mostBytes) return undefined;
  return openShard(ref, sealed).catch((error: unknown) => {
    if (!isCoded(error, 'WALLET_INVALID')) throw error;
    return undefined;
  });
}

/**
 * Writes the content: the shards that changed, and the index. What would be too large to be read is never written,
 * and of the usual size only what takes something back may be more. Throws WALLET_FULL.
 */
export async function writeWallet(
  store: WalletStore,
  held: Unwritten,
  { content, local }: Pick<HeldWallet, 'content' | 'local'>,
  { takesBack = false }: { readonly takesBack?: boolean } = {},
): Promise<HeldWallet> {
  const { layout, shards, added } = await laidOut(held, content);
  const { key, root } = held;
  // A file of before had no root, so nothing wraps it yet.
  const unlockers =
    held.unlockers.length > 0 ? held.unlockers : withPassphrase([], await wrapRoot(key, root));
  const index = { content: withoutShards(content), layout, local };
  const file = await sealWalletFile(unlockers, root, index);
  const most = takesBack ? indexLimits.mostBytes : indexLimits.usualBytes;
  if (file.length > most && file.length > (held.file?.length ?? 0)) {
    throw new CodedError('WALLET_FULL', { bytes: file.length, most });
  }
  await store.save({ file, shards: added, keeps: layout.shards.map(({ name }) => name) });
  return { key, root, unlockers, content, layout, local, shards, lost: held.lost ?? [], file };
}

interface LaidOut {
  readonly layout: Layout;
  readonly shards: ReadonlyMap<string, ShardContent>;
  /** By name, what has to be written. */
  readonly added: ReadonlyMap<string, Uint8Array>;
}

async function laidOut(held: Unwritten, content: WalletContent): Promise<LaidOut> {
  const layout = held.layout ?? newLayout();
  const kept = await inBuckets(held, content, layout);
  const { shards } = kept.layout;
  const sealed = shards.reduce((sum, { bytes }) => sum + bytes, 0);
  const isCrowded =
    sealed > layout.buckets * shardLimits.meanBytes && layout.buckets < shardLimits.mostBuckets;
  if (!isCrowded) return kept;
  return inBuckets({ ...held, shards: new Map() }, content, {
    ...layout,
    buckets: 2 * layout.buckets,
  });
}

/** Shards whose entries are the same stay as they lie. */
async function inBuckets(
  held: Unwritten,
  content: WalletContent,
  layout: Layout,
): Promise<LaidOut> {
  const { secret, buckets } = layout;
  const lost = held.lost ?? [];
  const before = new Map<number, ShardRef>(
    layout.shards.filter(({ name }) => held.shards?.has(name)).map((ref) => [ref.bucket, ref]),
  );
  const refs: ShardRef[] = [...lost];
  const shards = new Map<string, ShardContent>();
  const added = new Map<string, Uint8Array>();
  for (const [bucket, shard] of intoBuckets(content, bucketsUnder(secret, buckets))) {
    const old = before.get(bucket);
    if (old !== undefined && isSameShard(held.shards?.get(old.name), shard)) {
      refs.push(old);
      shards.set(old.name, shard);
      continue;
    }
    const { ref, sealed } = await sealShard(bucket, shard);
    if (sealed.length > shardLimits.mostBytes) {
      throw new CodedError('WALLET_FULL', { bytes: sealed.length, most: shardLimits.mostBytes });
    }
    refs.push(ref);
    shards.set(ref.name, shard);
    added.set(ref.name, sealed);
  }
  return { layout: { secret, buckets, shards: refs }, shards, added };
}

import { messageObjects } from '../../api/object-types.ts';
import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { hmacSha256, labelledInfo } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { suite } from '../../ledger/object-types.ts';
import { bytesToHex, hexToBytes, readU32be, utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { decodeAs, encodeAs, typed } from '../../primitives/shape.ts';
import { type ShardContent, shardShape, type WalletContent } from './content.ts';
import { padded, unpadded } from './padded.ts';

/**
 * What a wallet holds most of lies in shards: letters with their keys by grant, and the index of each import. A
 * change writes the shards that it touches; what takes something back needs none of them.
 *
 * Source: docs/protocol/wallet.md, rule W-2.
 */

/** Where a shard lies, and what opens it: stands in the wallet's index. */
export interface ShardRef {
  readonly bucket: number;
  /** 16 random bytes in hex, other ones at each writing: a file of this name is written once. */
  readonly name: string;
  readonly key: Uint8Array;
  /** Of the sealed file. */
  readonly bytes: number;
}

export const shardLimits = {
  /** Powers of two. */
  leastBuckets: 16,
  mostBuckets: 4_096,
  /** Above this mean there are twice as many buckets. */
  meanBytes: 64 * 1024,
  /** What is read. */
  mostBytes: 16 * 1024 * 1024,
} as const;

/** The lists that lie in shards, and by what an entry finds its bucket: an id in hex, or the name of a wing. */
const idOf: {
  readonly [Name in keyof ShardContent]: (entry: ShardContent[Name][number]) => string;
} = {
  cards: (it) => it.account,
  keySets: (it) => it.account,
  letters: (it) => it.consent,
  segments: (it) => it.consent,
  openings: (it) => it.consent,
  openedSets: (it) => it.consent,
  imports: (it) => it.skeleton,
  erased: (record) => record,
  drawers: (it) => it.wing,
};
const names = Object.keys(idOf) as readonly (keyof ShardContent)[];

/** A shard that is being filled. */
export type Filling = { [Name in keyof ShardContent]: ShardContent[Name][number][] };

export const emptyShard = (): Filling => ({
  ...{ cards: [], keySets: [], letters: [], segments: [], openings: [], openedSets: [] },
  ...{ imports: [], erased: [], drawers: [] },
});

/** The content without what lies in shards. */
export function withoutShards(content: WalletContent): WalletContent {
  return { ...content, ...emptyShard() };
}

/** The content with what lay in shards, in the order of ids, so that it does not show in which. */
export function withShards(content: WalletContent, shards: readonly ShardContent[]): WalletContent {
  const all = <Name extends keyof ShardContent>(name: Name): ShardContent[Name] => {
    const entries = [content, ...shards].flatMap((it) => [...it[name]]);
    const id = idOf[name] as (entry: unknown) => string;
    return entries.sort((a, b) => (id(a) < id(b) ? -1 : id(a) > id(b) ? 1 : 0)) as never;
  };
  return {
    ...content,
    ...{ cards: all('cards'), keySets: all('keySets'), letters: all('letters') },
    ...{ segments: all('segments'), openings: all('openings'), openedSets: all('openedSets') },
    ...{ imports: all('imports'), erased: all('erased'), drawers: all('drawers') },
  };
}

/** What belongs into which bucket. The entries are those of `content` themselves. */
export function intoBuckets(
  content: WalletContent,
  bucketOf: (id: string) => number,
): ReadonlyMap<number, ShardContent> {
  const buckets = new Map<number, Filling>();
  for (const name of names) {
    const id = idOf[name] as (entry: unknown) => string;
    for (const entry of content[name]) {
      const bucket = bucketOf(id(entry));
      const shard = buckets.get(bucket) ?? emptyShard();
      buckets.set(bucket, shard);
      (shard[name] as unknown[]).push(entry);
    }
  }
  return buckets;
}

/** By the secret of a wallet that is open: a change asks for the bucket of every entry. */
const knownBuckets = new WeakMap<
  Uint8Array,
  { readonly buckets: number; readonly of: Map<string, number> }
>();

/** An id to its bucket: nobody who lacks the secret can tell. */
export function bucketsUnder(secret: Uint8Array, buckets: number): (id: string) => number {
  const kept = knownBuckets.get(secret);
  const known = kept?.buckets === buckets ? kept.of : new Map<string, number>();
  knownBuckets.set(secret, { buckets, of: known });
  return (id) => {
    const held = known.get(id);
    if (held !== undefined) return held;
    const mac = hmacSha256(secret, utf8(id));
    const bucket = readU32be(mac) % buckets;
    known.set(id, bucket);
    return bucket;
  };
}

/** Whether nothing in it has changed: by the entries themselves, which are never changed in place. */
export function isSameShard(a: ShardContent | undefined, b: ShardContent): boolean {
  return (
    a !== undefined &&
    names.every(
      (name) => a[name].length === b[name].length && a[name].every((it, i) => it === b[name][i]),
    )
  );
}

const written = typed(suite, messageObjects.walletShard, { shard: shardShape });

/** Sealed under a key and a name of its own; padded where others see how long it is. */
export async function sealShard(
  bucket: number,
  shard: ShardContent,
  { isPadded = false }: { readonly isPadded?: boolean } = {},
): Promise<{ readonly ref: ShardRef; readonly sealed: Uint8Array }> {
  const [name, key] = [randomBytes(16), randomBytes(32)];
  const plain = encodeAs(written, { shard });
  const sealed = await sealUnderKey(key, aadOf(name), isPadded ? padded(plain) : plain);
  return { ref: { bucket, name: bytesToHex(name), key, bytes: sealed.length }, sealed };
}

/** Throws WALLET_INVALID. */
export async function openShard(
  { name, key }: ShardRef,
  sealed: Uint8Array,
  { isPadded = false }: { readonly isPadded?: boolean } = {},
): Promise<ShardContent> {
  try {
    const opened = await openUnderKey(key, aadOf(hexToBytes(name) ?? new Uint8Array(0)), sealed);
    const plain = isPadded ? unpadded(opened) : opened;
    return decodeAs(written, plain, 'shard').shard;
  } catch (cause) {
    throw new CodedError('WALLET_INVALID', { shard: name }, cause);
  }
}

const aadOf = (name: Uint8Array): Uint8Array => labelledInfo(labels.walletShard, name);

import { type NamedShard, walletCopyLimits } from '../../api/wallet-copy.ts';
import { sha256 } from '../../crypto/hash.ts';
import { randomBytes } from '../../crypto/random.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { encodeAs } from '../../primitives/shape.ts';
import {
  encodeWalletContent,
  type ShardContent,
  shardShape,
  type WalletContent,
} from './content.ts';
import type { Layout } from './file.ts';
import {
  bucketsUnder,
  emptyShard,
  intoBuckets,
  type ShardRef,
  sealShard,
  shardLimits,
  withoutShards,
} from './shards.ts';

/** A wallet of so many bytes lies in the index as a whole; a larger one in shards from then on. */
const wholeBytes = 128 * 1024;

/** How the copy's content lies. */
export interface CopyShards {
  readonly layout: Layout;
  readonly named: readonly NamedShard[];
  /** By name, SHA-256 of what each holds, in hex: what is the same is not written again. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Nothing yet. */
export const noShards = (): CopyShards => ({
  layout: { secret: randomBytes(32), buckets: 0, shards: [] },
  named: [],
  digests: new Map(),
});

/** Their keys are on this device alone: whoever else sent them would leave the account with keys that nobody has. */
const ofOneDevice: ReadonlySet<string> = new Set(['rotate', 'recover']);

/**
 * What goes into a copy, and is believed of one. The index of an import grows with every item and can be made again; the
 * copy must stay small. A rotation on its way is its device's own. Source: docs/protocol/wallet.md, rules W-5 and W-10.
 */
export function copiedPart(content: WalletContent): WalletContent {
  const imports = content.imports.map((it) =>
    it.index.length === 0 ? it : { ...it, index: new Uint8Array(0) },
  );
  const pending = content.pending.filter((it) => !ofOneDevice.has(it.kind));
  return { ...content, imports, pending };
}

export function digestOf(shard: ShardContent): string {
  return bytesToHex(sha256(encodeAs(shardShape, shard)));
}

/** What is to be written of a content that follows another. */
export interface LaidCopy extends CopyShards {
  /** What lies in the index itself. */
  readonly inIndex: WalletContent;
  readonly added: ReadonlyMap<string, Uint8Array>;
}

/**
 * Lays a content out over what lies there: a shard whose bucket holds the same stays. All buckets have one, so that
 * their number tells nothing but the power of two. Throws WALLET_FULL.
 */
export async function layCopy(content: WalletContent, before: CopyShards): Promise<LaidCopy> {
  const copied = copiedPart(content);
  const isWhole = before.layout.buckets === 0 && encodeWalletContent(copied).length <= wholeBytes;
  if (isWhole) return { ...before, inIndex: copied, added: new Map() };
  const buckets = bucketsFor(before);
  const kept = buckets === before.layout.buckets ? before.layout.shards : [];
  const filled = intoBuckets(copied, bucketsUnder(before.layout.secret, buckets));
  const [refs, named]: [ShardRef[], NamedShard[]] = [[], []];
  const digests = new Map<string, string>();
  const added = new Map<string, Uint8Array>();
  for (let bucket = 0; bucket < buckets; bucket++) {
    const shard = filled.get(bucket) ?? emptyShard();
    const digest = digestOf(shard);
    const held = kept.find((it) => it.bucket === bucket);
    const there = before.named.find(({ name }) => name === held?.name);
    if (held !== undefined && there !== undefined && before.digests.get(held.name) === digest) {
      refs.push(held);
      named.push(there);
      digests.set(held.name, digest);
      continue;
    }
    const { ref, sealed } = await sealShard(bucket, shard, { isPadded: true });
    const most = walletCopyLimits.shardBytes;
    if (sealed.length > most) throw new CodedError('WALLET_FULL', { bytes: sealed.length, most });
    refs.push(ref);
    named.push({ name: ref.name, sha256: sha256(sealed), bytes: sealed.length });
    digests.set(ref.name, digest);
    added.set(ref.name, sealed);
  }
  const layout = { secret: before.layout.secret, buckets, shards: refs };
  return { layout, named, digests, added, inIndex: withoutShards(copied) };
}

function bucketsFor({ layout: { buckets }, named }: CopyShards): number {
  if (buckets === 0) return shardLimits.leastBuckets;
  const sealed = named.reduce((sum, { bytes }) => sum + bytes, 0);
  const isCrowded = sealed > buckets * shardLimits.meanBytes && buckets < shardLimits.mostBuckets;
  return isCrowded ? 2 * buckets : buckets;
}

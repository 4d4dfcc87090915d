import { decodeCopyHead, type SignedCopy, type WalletCopyHead } from '../../api/wallet-copy.ts';
import { sha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyLabelled } from '../../crypto/signature.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { encodeWalletContent, type ShardContent, type WalletContent } from './content.ts';
import { type CopyIndex, openCopyIndex, unwrapCopyKey } from './copy-index.ts';
import { digestOf } from './copy-shards.ts';
import type { CopyStore, CopyWriter, RememberedCopy, SyncedCopy } from './copy-store.ts';
import { openShard, withShards } from './shards.ts';

/** A hospital that hands out an older copy than it took, or another of the same number. */
export function isOlder(
  signed: SignedCopy | undefined,
  known: RememberedCopy | undefined,
): boolean {
  if (known === undefined) return false;
  if (signed === undefined) return true;
  const { serial } = decodeHead(signed);
  if (serial !== known.serial) return serial < known.serial;
  return !equalBytes(sha256(signed.head), known.hash);
}

/** Throws GATEWAY_LIED. */
function decodeHead({ head }: SignedCopy): WalletCopyHead {
  try {
    return decodeCopyHead(head);
  } catch (cause) {
    throw new CodedError('GATEWAY_LIED', { path: '/v1/wallet' }, cause);
  }
}

export interface HeldCopy {
  readonly copy: SyncedCopy;
  /** Undefined: nothing that this device has not. */
  readonly theirs: WalletContent | undefined;
}

interface ReadHead {
  readonly head: WalletCopyHead;
  readonly hash: Uint8Array;
  readonly known: SyncedCopy | RememberedCopy | undefined;
}

/** Undefined: it is nobody's of this account, or was sealed for others before the keys were changed. */
export async function readHead(
  store: CopyStore,
  writer: CopyWriter,
  signed: SignedCopy,
  known: SyncedCopy | RememberedCopy | undefined,
): Promise<HeldCopy | undefined> {
  const hash = sha256(signed.head);
  const isKnown = known !== undefined && equalBytes(hash, known.hash);
  if (isKnown && 'layout' in known) return { copy: known, theirs: undefined };
  const head = decodeHead(signed);
  if (head.account !== writer.account || head.organisation !== writer.organisation) {
    throw new CodedError('GATEWAY_LIED', { path: '/v1/wallet' });
  }
  if (!(await isOwn(signed, writer))) return undefined;
  const isInUse = equalBytes(signed.publicKey, writer.sign.publicKey);
  const held = await readSealed(store, writer, { head, hash, known }).catch((error: unknown) => {
    // Left by whoever had a key of before: it must not stand in the way of what comes after.
    const isUnreadable = isCoded(error, 'CANNOT_OPEN') || isCoded(error, 'WALLET_INVALID');
    if (isInUse || !isUnreadable) throw error;
    return undefined;
  });
  // A hospital that was put back to a time before this device was listed has not ended it.
  if (held === undefined && isInUse && !isOlder(signed, known)) {
    throw new CodedError('DEVICE_ENDED', { account: writer.account });
  }
  return held;
}

/** Undefined: it was sealed for others. Throws CANNOT_OPEN, WALLET_INVALID: who sealed it sealed something else. */
async function readSealed(
  store: CopyStore,
  writer: CopyWriter,
  { head, hash, known }: ReadHead,
): Promise<HeldCopy | undefined> {
  const isKnown = known !== undefined && equalBytes(hash, known.hash);
  const opened = await openHead(head, writer, known?.copyKey);
  if (opened === undefined) return undefined;
  const { copyKey, index } = opened;
  const read = await readShards(undamaged(store, head), index.layout.shards, known?.digests);
  const copy: SyncedCopy = {
    ...{ serial: head.serial, hash, copyKey, wraps: head.wraps, named: head.shards },
    ...{ recipients: index.recipients, deviceRoot: index.deviceRoot, layout: index.layout },
    ...{ digests: read.digests, said: saidOf(index.content), of: index.content },
  };
  return { copy, theirs: isKnown ? undefined : withShards(index.content, read.shards) };
}

/** What has not the hash that the head signs counts as lost: it is written again. */
function undamaged(store: CopyStore, { shards }: WalletCopyHead): Pick<CopyStore, 'shard'> {
  const hashes = new Map(shards.map((it) => [it.name, it.sha256]));
  return {
    async shard(name) {
      const [hash, sealed] = [hashes.get(name), await store.shard(name)];
      if (hash === undefined || sealed === undefined) return undefined;
      return equalBytes(sha256(sealed), hash) ? sealed : undefined;
    },
  };
}

async function isOwn(signed: SignedCopy, { knownKeys }: CopyWriter): Promise<boolean> {
  const { head, publicKey, signature } = signed;
  if (!knownKeys.some((it) => equalBytes(it, publicKey))) return false;
  return verifyLabelled(publicKey, labels.walletCopySign, head, signature);
}

/** By the copy key of before, while that stays; else by a wrap. Undefined: it is sealed for others. */
async function openHead(
  head: WalletCopyHead,
  writer: CopyWriter,
  before: Uint8Array | undefined,
): Promise<{ readonly copyKey: Uint8Array; readonly index: CopyIndex } | undefined> {
  const open = async (copyKey: Uint8Array) => ({
    copyKey,
    index: await openCopyIndex(copyKey, head, head.sealed),
  });
  if (before !== undefined) {
    const opened = await open(before).catch((error: unknown) => {
      if (!isCoded(error, 'CANNOT_OPEN')) throw error;
      return undefined;
    });
    if (opened !== undefined) return opened;
  }
  const copyKey = await unwrapCopyKey(head.wraps, writer, writer.pairs);
  return copyKey && open(copyKey);
}

/** What this device has seen of them it has: only others are fetched. What cannot be had is written anew. */
export async function readShards(
  store: Pick<CopyStore, 'shard'>,
  refs: SyncedCopy['layout']['shards'],
  known: ReadonlyMap<string, string> = new Map(),
): Promise<{
  readonly shards: readonly ShardContent[];
  readonly digests: ReadonlyMap<string, string>;
}> {
  const shards: ShardContent[] = [];
  const digests = new Map<string, string>();
  for (const ref of refs) {
    const seen = known.get(ref.name);
    if (seen !== undefined) {
      digests.set(ref.name, seen);
      continue;
    }
    const sealed = await store.shard(ref.name);
    if (sealed === undefined) continue;
    const shard = await openShard(ref, sealed, { isPadded: true });
    shards.push(shard);
    digests.set(ref.name, digestOf(shard));
  }
  return { shards, digests };
}

/** Of what lies in the index, without tips. */
export const saidOf = (content: WalletContent): Uint8Array =>
  sha256(
    encodeWalletContent({
      ...content,
      trust: content.trust.map((it) => ({ ...it, height: 0, headerHash: zeros, timeMs: 0 })),
    }),
  );
const zeros = new Uint8Array(32);

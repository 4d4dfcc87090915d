import { decodeCopyHead, encodeCopyHead } from '../../api/wallet-copy.ts';
import { sha256 } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { signLabelled } from '../../crypto/signature.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { WalletContent } from './content.ts';
import { recipientsHash, sealCopyIndex, wrapCopyKey } from './copy-index.ts';
import { isOlder, readHead, saidOf } from './copy-read.ts';
import { type LaidCopy, layCopy, noShards } from './copy-shards.ts';
import type { CopyStore, CopyWriter, RememberedCopy, SyncedCopy } from './copy-store.ts';
import { learnedFrom } from './learned.ts';
import { inOrder } from './merge.ts';

/** What became of bringing both together. */
export interface Brought {
  /** What both now hold: `mine` itself when the copy taught nothing. */
  readonly content: WalletContent;
  readonly copy: SyncedCopy;
  /** The hospital showed an older copy than this device had seen there. */
  readonly isOld: boolean;
}

const tries = 5;

/**
 * Brings this device's content and the copy together: fetch, merge, write; again when another device was faster.
 * Nothing is written that the copy has, but for a newer header. A copy that no key of the account signed, or that was
 * sealed for others or cannot be read and is of before the keys were changed here, teaches nothing and is replaced.
 *
 * Throws DEVICE_ENDED (the copy is sealed for others under the key in use), WALLET_FULL, WALLET_CONFLICT (after five
 * tries), GATEWAY_LIED. Source: docs/protocol/wallet.md, rules W-5 and W-24.
 */
export async function syncCopy(
  store: CopyStore,
  writer: CopyWriter,
  mine: WalletContent,
  known?: SyncedCopy | RememberedCopy,
): Promise<Brought> {
  let isLost = false;
  for (let attempt = 1; ; attempt++) {
    const signed = await store.head();
    const isOld = isOlder(signed, known);
    const held = signed === undefined ? undefined : await readHead(store, writer, signed, known);
    const theirs = held?.theirs;
    const content = theirs === undefined ? mine : learnedFrom(mine, theirs, writer);
    const before = isLost ? undefined : held?.copy;
    const recipients = writer.recipientsIn(content);
    if (before?.of === content && isForSame(before, { ...writer, recipients })) {
      return { content, copy: before, isOld };
    }
    const laid = await layCopy(inOrder(content), before ?? noShards());
    if (held !== undefined && isSaid(held.copy, laid, { ...writer, recipients })) {
      return { content, copy: { ...held.copy, of: content }, isOld };
    }
    const serial = (signed === undefined ? 0 : decodeCopyHead(signed.head).serial) + 1;
    try {
      const sealing = { ...writer, recipients };
      const laying = { of: content, laid, serial, before: held?.copy };
      const copy = await write(store, sealing, laying);
      return { content, copy, isOld };
    } catch (error) {
      if (!isCoded(error, 'WALLET_CONFLICT') || attempt >= tries) throw error;
      // It has not what it should keep: all of it once more.
      isLost = Number(error.details.missing ?? 0) > 0;
    }
  }
}

/** A writer, and who may open what he writes. */
interface Sealing extends CopyWriter {
  readonly recipients: readonly Uint8Array[];
}

function isSaid(held: SyncedCopy, laid: LaidCopy, writer: Sealing): boolean {
  return (
    laid.added.size === 0 &&
    laid.named.length === held.named.length &&
    equalBytes(saidOf(laid.inIndex), held.said) &&
    isForSame(held, writer)
  );
}

function isForSame(held: SyncedCopy, { recipients, local }: Sealing): boolean {
  return (
    equalBytes(held.recipients, recipientsHash(recipients)) &&
    held.deviceRoot.join() === local.deviceRoot.join()
  );
}

/** What is written of which content, in place of what. */
interface Laying extends Pick<SyncedCopy, 'of' | 'serial'> {
  readonly laid: LaidCopy;
  readonly before: SyncedCopy | undefined;
}

/** The copy key stays while those who may open the copy do; else it is a fresh one. */
async function write(
  store: CopyStore,
  writer: Sealing,
  { of, laid, serial, before }: Laying,
): Promise<SyncedCopy> {
  const { organisation, account, sign, recipients, local } = writer;
  const same = before !== undefined && isForSame(before, writer) ? before : undefined;
  const copyKey = same?.copyKey ?? randomBytes(32);
  const wraps = same?.wraps ?? (await wrapCopyKey(copyKey, writer, recipients));
  const { inIndex: content, layout, named, digests } = laid;
  const { deviceRoot } = local;
  const index = { content, layout, deviceRoot, recipients: recipientsHash(recipients) };
  const sealed = await sealCopyIndex(copyKey, { organisation, account, serial }, index);
  const head = encodeCopyHead({ organisation, account, serial, wraps, sealed, shards: named });
  const signature = await signLabelled(sign, labels.walletCopySign, head);
  for (const [name, shard] of laid.added) await store.putShard(name, shard);
  await store.putHead({ head, publicKey: sign.publicKey, signature });
  return {
    ...{ of, serial, hash: sha256(head), copyKey, wraps, recipients: index.recipients },
    ...{ deviceRoot, layout, named, digests, said: saidOf(content) },
  };
}

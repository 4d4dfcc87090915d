import { xwingKeyFromSeed } from '../../crypto/kem.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { Context } from '../client/context.ts';
import type { OwnedKeySet } from '../ledger/proven-ledger.ts';
import type { OwnKeySet } from '../wallet/content.ts';
import { decodeKeySetBlob, type EpochWriteKeys, maxKeySetBytes } from './key-set-blob.ts';
import { segmentKey, segmentWriteSeed } from './segment.ts';

/**
 * From which root each of these KeySets derives, found out by its public half: for a wallet that came back from a copy
 * that holds its roots and not what was written down since. Those of which no root is here are left out.
 *
 * Source: docs/protocol/wallet.md, rule W-25.
 */
export async function findRoots(
  ctx: Context,
  keySets: readonly OwnedKeySet[],
  signal?: AbortSignal,
): Promise<readonly OwnKeySet[]> {
  const found: OwnKeySet[] = [];
  for (const keySet of keySets) {
    const epochs = await publicHalf(ctx, keySet, signal);
    const rootId = await rootOf(ctx, keySet, epochs[0]);
    if (rootId === undefined) continue;
    found.push({ account: ctx.account.account, after: keySet.after, salt: keySet.salt, rootId });
  }
  return found;
}

async function publicHalf(
  ctx: Context,
  { keySetBlob }: OwnedKeySet,
  signal?: AbortSignal,
): Promise<readonly EpochWriteKeys[]> {
  try {
    const limitBytes = maxKeySetBytes;
    return decodeKeySetBlob(await ctx.gateway.blob(keySetBlob, { limitBytes, signal }));
  } catch (error) {
    // What is not there, or is none, tells nothing; what keeps one from asking does.
    if (!isCoded(error) || error.kind === 'unavailable') throw error;
    return [];
  }
}

async function rootOf(
  ctx: Context,
  { salt }: OwnedKeySet,
  first: EpochWriteKeys | undefined,
): Promise<string | undefined> {
  const [named] = first?.writeKeys ?? [];
  if (first === undefined || named === undefined) return undefined;
  const [recordClass, key] = named;
  const segment = { account: ctx.account.account, class: recordClass, epoch: first.epoch, salt };
  for (const { id, secret } of ctx.vault.content.roots) {
    const pair = await xwingKeyFromSeed(segmentWriteSeed(segmentKey(secret, segment)));
    if (equalBytes(pair.publicKey, key)) return id;
  }
  return undefined;
}

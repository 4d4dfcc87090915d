import type { Account } from '../../ledger/state.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { Context } from '../client/context.ts';
import { rootSecretOf } from '../wallet/identity.ts';
import { segmentKey } from './segment.ts';
import { type BegunEpoch, timelineOf } from './timeline.ts';

/**
 * The owner's side of the keys: every epoch of the account as the ledger has it, and the segment keys that
 * the wallet's roots give.
 */
export interface OwnerKeys {
  readonly account: Account;
  readonly timeline: readonly BegunEpoch[];
  /** Throws KEY_NOT_HERE: an epoch that another wallet's root made. */
  sek(recordClass: string, epoch: number): Uint8Array;
}

/** Reads the account's KeySets, with proofs. */
export async function ownerKeys(ctx: Context, signal?: AbortSignal): Promise<OwnerKeys> {
  const id: AccountId = ctx.account.account;
  const account = await ctx.ledger.knownAccount(id, signal);
  const keySets = await ctx.ledger.keySets(account, id, signal);
  if (keySets.some((it) => rootOfKeySet(ctx, it.salt) === undefined)) {
    // Another device or process of this person made it, and wrote down from which root.
    await ctx.writeDown((content) => content);
  }
  // An epoch that has not begun by our clock may have begun by the ledger's: the keys are the same.
  const timeline = timelineOf(keySets, Number.MAX_SAFE_INTEGER);
  const byEpoch = new Map(timeline.map((it) => [it.epoch, it]));
  return {
    account,
    timeline: timelineOf(keySets, ctx.nowMs()),
    sek(recordClass, epoch) {
      const begun = byEpoch.get(epoch);
      const secret = begun === undefined ? undefined : rootOfKeySet(ctx, begun.salt);
      if (begun === undefined || secret === undefined) {
        throw new CodedError('KEY_NOT_HERE', { epoch });
      }
      return segmentKey(secret, { account: id, class: recordClass, epoch, salt: begun.salt });
    },
  };
}

function rootOfKeySet(ctx: Context, salt: Uint8Array): Uint8Array | undefined {
  const name = bytesToHex(salt);
  const { account } = ctx.account;
  const { content } = ctx.vault;
  const own = content.keySets.find((it) => it.account === account && bytesToHex(it.salt) === name);
  return own === undefined ? undefined : rootSecretOf(content, own.rootId);
}

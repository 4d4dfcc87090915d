import type { Account } from '../../ledger/tables/accounts.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { Context } from '../client/context.ts';
import { withNext } from '../wallet/local.ts';
import { findRoots } from './find-roots.ts';
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
  let roots = rootsOfKeySets(ctx);
  if (keySets.some((it) => !roots.has(bytesToHex(it.salt)))) {
    // Another device or process of this person made it, and wrote down from which root.
    await ctx.writeDown((content) => content);
    roots = rootsOfKeySets(ctx);
    const unknown = keySets.filter((it) => !roots.has(bytesToHex(it.salt)));
    const found = unknown.length === 0 ? [] : await findRoots(ctx, unknown, signal);
    if (found.length > 0) {
      await ctx.vault.change((content) => ({
        ...content,
        keySets: [...content.keySets, ...found],
      }));
      roots = rootsOfKeySets(ctx);
    }
  }
  // An epoch that has not begun by our clock may have begun by the ledger's: the keys are the same.
  const timeline = timelineOf(keySets, Number.MAX_SAFE_INTEGER);
  const byEpoch = new Map(timeline.map((it) => [it.epoch, it]));
  const secretOf = (salt: string): Uint8Array | undefined => {
    const rootId = roots.get(salt);
    return rootId === undefined ? undefined : ctx.rootSecret(rootId);
  };
  return {
    account,
    timeline: timelineOf(keySets, ctx.nowMs()),
    sek(recordClass, epoch) {
      const begun = byEpoch.get(epoch);
      const secret = begun === undefined ? undefined : secretOf(bytesToHex(begun.salt));
      if (begun === undefined || secret === undefined) {
        throw new CodedError('KEY_NOT_HERE', { epoch });
      }
      return segmentKey(secret, { account: id, class: recordClass, epoch, salt: begun.salt });
    },
  };
}

/** By the salt of the KeySet, hex. */
function rootsOfKeySets(ctx: Context): ReadonlyMap<string, string> {
  const { account } = ctx.account;
  const content = withNext(ctx.vault.content, ctx.vault.local);
  // A root that is not here tells nothing: which one it is can be found out.
  const roots = new Set(content.roots.map(({ id }) => id));
  const own = content.keySets.filter((it) => it.account === account && roots.has(it.rootId));
  return new Map(own.map((it) => [bytesToHex(it.salt), it.rootId]));
}

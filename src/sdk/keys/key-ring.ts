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
  /** Of the KeySet that scheduled the epoch. Throws KEY_NOT_HERE: none did. */
  saltOf(epoch: number): Uint8Array;
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
  const saltOf = (epoch: number): Uint8Array => {
    const begun = byEpoch.get(epoch);
    if (begun === undefined) throw new CodedError('KEY_NOT_HERE', { epoch });
    return begun.salt;
  };
  return {
    account,
    timeline: timelineOf(keySets, ctx.nowMs()),
    saltOf,
    sek: (recordClass, epoch) =>
      segmentKeyIn(ctx, roots, { salt: saltOf(epoch), recordClass, epoch }),
  };
}

/** Which key of one's own chart, and of which KeySet. */
interface OwnSegment {
  /** Of the KeySet that scheduled the epoch. */
  readonly salt: Uint8Array;
  readonly recordClass: string;
  readonly epoch: number;
}

/** One's own key by the wallet alone, nobody being asked. Throws KEY_NOT_HERE: the KeySet is of a root that is not here. */
export function segmentKeyOfSalt(ctx: Context, segment: OwnSegment): Uint8Array {
  return segmentKeyIn(ctx, rootsOfKeySets(ctx), segment);
}

function segmentKeyIn(
  ctx: Context,
  roots: ReadonlyMap<string, string>,
  { salt, recordClass, epoch }: OwnSegment,
): Uint8Array {
  const rootId = roots.get(bytesToHex(salt));
  if (rootId === undefined) throw new CodedError('KEY_NOT_HERE', { epoch });
  const { account } = ctx.account;
  return segmentKey(ctx.rootSecret(rootId), { account, class: recordClass, epoch, salt });
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

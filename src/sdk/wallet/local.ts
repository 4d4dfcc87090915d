import type { AccountId } from '../../primitives/ids.ts';
import { accountId, bytes, list, type Of, struct } from '../../primitives/shape.ts';
import { root, rootId, type WalletContent } from './content.ts';

/**
 * What of a wallet belongs to one device alone: it lies in the device's file beside the content, and goes into no copy
 * and to no other device. Source: docs/protocol/wallet.md, rule W-23.
 */
const nextKeys = struct({
  account: accountId,
  /** Whose keys a RotateKey names that is not proven to stand. */
  root,
  /** Of the device's X-Wing pair that comes with them. */
  seed: bytes(32),
});
export type NextKeys = Of<typeof nextKeys>;

export const localShape = struct({
  /** Of this device's X-Wing pairs, the one in use first. Former ones open copies that no one has written since. */
  seeds: list(bytes(32), { most: 32 }),
  /** Under which root devices are listed; none: the wallet is new. */
  deviceRoot: list(rootId, { most: 1 }),
  /** Rotations on their way, the newest last. */
  next: list(nextKeys, { most: 32 }),
  /** Accounts to be frozen as soon as a hospital takes it. */
  freezing: list(accountId, { most: 32 }),
});
export type WalletLocal = Of<typeof localShape>;

export const emptyLocal: WalletLocal = { seeds: [], deviceRoot: [], next: [], freezing: [] };

/** A person changes keys at each hospital, and at one once a day: the copy at another may have waited for weeks. */
const formerSeeds = 31;
const mostNext = 32;
const mostFreezing = 32;

/** A rotation is on its way: its keys are here before anything is sent, and in no copy before they count. */
export function begun(local: WalletLocal, next: NextKeys): WalletLocal {
  return { ...local, next: [...local.next, next].slice(-mostNext) };
}

/** The content as it will be if all that is on its way comes to stand: for finding keys, never to be kept. */
export function withNext(content: WalletContent, { next }: WalletLocal): WalletContent {
  if (next.length === 0) return content;
  return next.reduce(withGeneration, content);
}

function withGeneration(content: WalletContent, { account, root: made }: NextKeys): WalletContent {
  const accounts = content.accounts.map((it) => {
    if (it.account !== account) return it;
    return { ...it, generations: [...it.generations, { rootId: made.id, index: 0 }] };
  });
  return { ...content, accounts, roots: [...content.roots, made] };
}

/** The wallet after a rotation was proven: its root is the wallet's, its pair is this device's, others have ended. */
export function adopted(
  { content, local }: { readonly content: WalletContent; readonly local: WalletLocal },
  taken: NextKeys,
): { readonly content: WalletContent; readonly local: WalletLocal } {
  const isTaken = local.next.some((it) => it.root.id === taken.root.id);
  if (!isTaken) return { content, local };
  return {
    content: withGeneration(content, taken),
    local: {
      seeds: [taken.seed, ...local.seeds].slice(0, 1 + formerSeeds),
      deviceRoot: [taken.root.id],
      // What was begun before it cannot come to stand any more, or has been lost to it.
      next: local.next.filter((it) => it.account !== taken.account),
      // A freeze that comes late must not undo coming back.
      freezing: local.freezing.filter((it) => it !== taken.account),
    },
  };
}

/** A freeze is asked for: it is this device's to send until it is done, whatever copies say. */
export function freezeAsked(local: WalletLocal, account: AccountId): WalletLocal {
  if (local.freezing.includes(account)) return local;
  return { ...local, freezing: [...local.freezing, account].slice(-mostFreezing) };
}

export function freezeDone(local: WalletLocal, account: AccountId): WalletLocal {
  return { ...local, freezing: local.freezing.filter((it) => it !== account) };
}

import { bytesToHex } from '../../primitives/bytes.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { accountId, bytes, struct } from '../../primitives/shape.ts';
import type { WalletContent } from '../wallet/content.ts';
import { type Drawer, entriesOf, withEnded, withEntry } from '../wallet/drawer.ts';

/** That an account is to be frozen, by the signing key that it had when that was asked: with another one it ends. */
const drawer: Drawer<{ readonly account: AccountId; readonly signKey: Uint8Array }> = {
  wing: 'freeze-asked',
  entry: struct({ account: accountId, signKey: bytes(32) }),
  key: ({ signKey }) => signKey,
};

/** Whether a freeze was asked for that no hospital has taken yet. Source: docs/protocol/wallet.md, rule W-20. */
export function isStillToFreeze(content: WalletContent, account: AccountId): boolean {
  return askedToFreeze(content, account) !== undefined;
}

/** The signing key under which it was asked for; undefined: it was not, or it is done. */
export function askedToFreeze(content: WalletContent, account: AccountId): Uint8Array | undefined {
  return entriesOf(content, drawer).find((it) => it.account === account)?.signKey;
}

export function freezeAsked(
  content: WalletContent,
  asked: { readonly account: AccountId; readonly signKey: Uint8Array },
): WalletContent {
  const isKnown = entriesOf(content, drawer).some(
    (it) => bytesToHex(it.signKey) === bytesToHex(asked.signKey),
  );
  return isKnown ? content : withEntry(content, drawer, asked);
}

/** It is frozen, or has other keys by now: a freeze that comes late must not undo coming back. */
export function freezeDone(content: WalletContent, account: AccountId): WalletContent {
  return entriesOf(content, drawer)
    .filter((it) => it.account === account)
    .reduce((held, it) => withEnded(held, drawer, it.signKey), content);
}

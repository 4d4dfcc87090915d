import { equalBytes } from '../../primitives/bytes.ts';
import { encodeWalletContent, type WalletContent } from './content.ts';
import { copiedPart } from './copy-shards.ts';
import { devicesIn, withoutStrangers } from './device-list.ts';
import type { WalletLocal } from './local.ts';
import { inOrder, mergeWallets } from './merge.ts';

/**
 * What a device knows after it has read a copy; `mine` itself when the copy teaches nothing. Whoever had everything
 * once can write a copy that a device opens, with a key of before: so which devices there are, and how the keys of an
 * account went, is believed of none. Source: docs/protocol/wallet.md, rules W-23 and W-24.
 */
export function learnedFrom(
  mine: WalletContent,
  theirs: WalletContent,
  local: WalletLocal,
): WalletContent {
  const both = withoutStrangers(mergeWallets(mine, believed(mine, theirs, local)), local);
  const learned = !equalBytes(said(both), said(inOrder(mine)));
  return learned ? both : mine;
}

function believed(mine: WalletContent, theirs: WalletContent, local: WalletLocal): WalletContent {
  // Before they meet: an entry of this key that counts nowhere must not stand in the place of one that does.
  const devices = devicesIn({ roots: mine.roots, devices: theirs.devices }, local);
  // A rotation ends every other device, so none has a generation to teach.
  const own = new Map(mine.accounts.map((it) => [it.account, it.generations]));
  const accounts = theirs.accounts.map((it) => ({
    ...it,
    generations: own.get(it.account) ?? it.generations,
  }));
  return { ...theirs, devices, accounts };
}

const said = (content: WalletContent): Uint8Array => encodeWalletContent(copiedPart(content));

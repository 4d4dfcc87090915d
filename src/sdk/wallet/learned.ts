import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import type { AccountId } from '../../primitives/ids.ts';
import {
  encodeWalletContent,
  type OwnGrant,
  type OwnKeySet,
  type WalletAccount,
  type WalletContent,
} from './content.ts';
import { copiedPart } from './copy-shards.ts';
import { devicesIn, withoutStrangers } from './device-list.ts';
import type { WalletLocal } from './local.ts';
import { inOrder, mergeWallets } from './merge.ts';

/**
 * What a device knows after it has read a copy; `mine` itself when the copy teaches nothing. Whoever had everything
 * once can write a copy that a device opens, with a key of before: so which devices there are, how the keys of an
 * account went and where its hospital answers, which ledger is believed and how far it was seen, to whom a grant
 * that is known was given, and from which root a known KeySet derives, is believed of none. Source: docs/protocol/wallet.md, rules W-23 and W-24.
 */
export function learnedFrom(
  mine: WalletContent,
  theirs: WalletContent,
  { local, account }: { readonly local: WalletLocal; readonly account: AccountId },
): WalletContent {
  const both = withoutStrangers(
    mergeWallets(mine, believed(mine, ofAccount(mine, copiedPart(theirs), account), local)),
    local,
  );
  const learned = !equalBytes(said(both), said(inOrder(mine)));
  return learned ? both : mine;
}

/**
 * Of what is known of another account, and of what it has on its way, this account's copy says nothing: a key of before
 * may count here when it counts there no more, and what has ended never begins again.
 */
function ofAccount(mine: WalletContent, theirs: WalletContent, account: AccountId): WalletContent {
  const known = new Set(mine.grants.map(({ consent }) => consent));
  return {
    ...theirs,
    grants: theirs.grants.filter((it) => it.account === account || !known.has(it.consent)),
    pending: theirs.pending.filter((it) => it.account === account),
  };
}

function believed(mine: WalletContent, theirs: WalletContent, local: WalletLocal): WalletContent {
  // Before they meet: an entry of this key that counts nowhere must not stand in the place of one that does.
  const devices = devicesIn({ roots: mine.roots, devices: theirs.devices }, local);
  return {
    ...theirs,
    devices,
    accounts: known(mine.accounts, theirs.accounts, (it) => it.account, sameAccount),
    grants: known(mine.grants, theirs.grants, (it) => it.consent, sameTerms),
    keySets: known(mine.keySets, theirs.keySets, keySetOf, (own) => own),
    trust: known(
      mine.trust,
      theirs.trust,
      (it) => it.chainId,
      (own) => own,
    ),
  };
}

function known<T>(
  mine: readonly T[],
  theirs: readonly T[],
  keyOf: (value: T) => string,
  as: (mine: T, theirs: T) => T,
): readonly T[] {
  const own = new Map(mine.map((it) => [keyOf(it), it]));
  return theirs.map((it) => {
    const held = own.get(keyOf(it));
    return held === undefined ? it : as(held, it);
  });
}

/** The ledger has one of a salt. */
const keySetOf = ({ account, salt }: OwnKeySet): string => `${account} ${bytesToHex(salt)}`;

/** A rotation ends every other device, so none has a generation to teach; nor has one another hospital. */
function sameAccount(mine: WalletAccount, theirs: WalletAccount): WalletAccount {
  const card = mine.card.length > 0 ? mine.card : theirs.card;
  return { ...mine, enrolled: mine.enrolled || theirs.enrolled, card };
}

/** To whom a grant was given, and what: it never changes. */
function sameTerms(mine: OwnGrant, theirs: OwnGrant): OwnGrant {
  const { account, grantee, granteeName, granteeOrganisation, body, salt, tagKey } = mine;
  const { notBeforeMs, notAfterMs } = mine;
  const terms = { account, grantee, granteeName, granteeOrganisation, body, salt, tagKey };
  return { ...theirs, ...terms, notBeforeMs, notAfterMs };
}

const said = (content: WalletContent): Uint8Array => encodeWalletContent(copiedPart(content));

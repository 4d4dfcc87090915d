import { type AccountId, type ConsentId, idBytes } from '../../primitives/ids.ts';
import { accountId, consentId, type Of, struct, uint } from '../../primitives/shape.ts';
import type { WalletContent } from './content.ts';
import { type Drawer, entriesOf, withEnded, withEntry } from './drawer.ts';

/** 1: to be taken back; 2: it has ended, and new keys are owed. */
const ending = struct({ step: uint, account: accountId, consent: consentId });

/**
 * Grants that were taken back by their id alone, until they have ended and new keys stand: of those that the wallet
 * knows, their own marks say as much. Source: docs/protocol/grants.md, rule G-17.
 */
const drawer: Drawer<Of<typeof ending>> = {
  wing: 'unlisted-ends',
  entry: ending,
  key: ({ consent }) => idBytes(consent),
};

/** Which of this account are still to end. */
export function unlistedToEnd(content: WalletContent, account: AccountId): readonly ConsentId[] {
  return entriesOf(content, drawer).flatMap((it) =>
    it.step === 1 && it.account === account ? it.consent : [],
  );
}

/** Whether one of this account ended without new keys. */
export function unlistedOwesKeys(content: WalletContent, account: AccountId): boolean {
  return entriesOf(content, drawer).some((it) => it.step === 2 && it.account === account);
}

/** Written down before anybody is asked. */
export function unlistedAsked(
  content: WalletContent,
  of: { readonly account: AccountId; readonly consent: ConsentId },
): WalletContent {
  return withEntry(content, drawer, { step: 1, ...of });
}

/** It has ended, and keys are owed; nothing changes for one that was not asked for here. */
export function unlistedEndedAlone(content: WalletContent, consent: ConsentId): WalletContent {
  const asked = entriesOf(content, drawer).find((it) => it.consent === consent);
  return asked === undefined ? content : withEntry(content, drawer, { ...asked, step: 2 });
}

/** Nothing is to be done about it any more. */
export function unlistedDone(content: WalletContent, consent: ConsentId): WalletContent {
  return withEnded(content, drawer, idBytes(consent));
}

/** New keys of this account stand. */
export function unlistedGotKeys(content: WalletContent, account: AccountId): WalletContent {
  return entriesOf(content, drawer)
    .filter((it) => it.step === 2 && it.account === account)
    .reduce((held, { consent }) => unlistedDone(held, consent), content);
}

import { type AccountId, idBytes } from '../../primitives/ids.ts';
import { accountId, type Of, struct, uint } from '../../primitives/shape.ts';
import { type Drawer, entriesOf, type HasDrawers, withEntry } from './drawer.ts';

/** First how far it is, for the larger bytes stay: 1 begun, 2 closed. */
const closing = struct({ step: uint, account: accountId, atMs: uint });
export type Closing = Of<typeof closing>;

/** Key: the account. What a person is closing, or has closed. */
const drawer: Drawer<Closing> = {
  wing: 'closing',
  entry: closing,
  key: (it) => idBytes(it.account),
};

/** Accounts of this wallet that were closed: they stay in it, for what they signed stays on the ledger. */
export function closedAccounts(content: HasDrawers): ReadonlySet<string> {
  const closed = entriesOf(content, drawer).filter((it) => it.step === 2);
  return new Set(closed.map((it) => it.account));
}

/** How far this account is; undefined: nobody began to close it. */
export function closingOf(content: HasDrawers, account: AccountId): Closing | undefined {
  return entriesOf(content, drawer).find((it) => it.account === account);
}

/** The content with how far it is now. */
export function withClosing<Content extends HasDrawers>(content: Content, entry: Closing): Content {
  return withEntry(content, drawer, entry);
}

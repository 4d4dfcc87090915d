import type { Account } from '../../../ledger/tables/accounts.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { isToldNow, openSigned, type Statement } from '../api/statement.ts';

/**
 * What an account said to another in these minutes, by the key in use that the ledger has for it. Throws CBOR_*,
 * UNAUTHENTICATED. Source: docs/protocol/vitals-servers.md, rule VS-5.
 */
export const openStatement = (
  signed: Uint8Array,
  { to, word, nowMs }: { readonly to: AccountId; readonly word: string; readonly nowMs: number },
  accountOf: (account: AccountId) => Promise<Account | undefined>,
): Promise<Statement> =>
  openSigned(signed, async (said) => {
    if (said.word !== word || !isToldNow(said, { account: to, nowMs })) return undefined;
    const account = await accountOf(said.from);
    return account?.frozen === false ? account.signKey : undefined;
  });

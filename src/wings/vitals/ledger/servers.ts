import { holdsRight } from '../../../ledger/outcome.ts';
import type { LedgerView } from '../../../ledger/table.ts';
import { type Account, accounts } from '../../../ledger/tables/accounts.ts';
import type { AccountId } from '../../../primitives/ids.ts';

/** A data server that is not frozen, of an organisation that has the right `stat` at a height; else undefined. */
export function dataServer(
  view: LedgerView,
  server: AccountId,
  height: number,
): Account | undefined {
  const row = view.get(accounts, server);
  if (row === undefined || row.role !== 'data-server' || row.frozen) return undefined;
  return holdsRight(view, row.organisation, 'stat', height) ? row : undefined;
}

/** Whether this account is one of these servers, or enrolled one of them: who enrolled a server runs it. */
export function runsOneOf(
  view: LedgerView,
  servers: readonly AccountId[],
  account: AccountId,
): boolean {
  return servers.some(
    (server) => server === account || view.get(accounts, server)?.organisation === account,
  );
}

/** Who answers for what this account says: an organisation for itself, a data server's is who enrolled it. */
export const organisationOf = (view: LedgerView, account: AccountId): AccountId | undefined =>
  view.get(accounts, account)?.organisation;

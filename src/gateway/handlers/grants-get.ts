import { grantsGet } from '../../api/routes/grants-get.ts';
import { handler } from '../handler.ts';
import { accounts } from '../parts/accounts/accounts.ts';

/** What it says is a hint: the asker proves each on the ledger. Source: rule H-26. */
export const handleGrantsGet = handler(grantsGet, async ({ gateway, caller }) => {
  await gateway.index.caughtUp();
  return gateway.parts.get(accounts).given.list(caller.account, gateway.now());
});

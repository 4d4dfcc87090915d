import { serverWhoGet } from '../../api/routes/server-who-get.ts';
import { dataHandler } from '../handler.ts';

/** Source: rule VS-8. */
export const handleServerWhoGet = dataHandler(serverWhoGet, async ({ server: { base } }) => ({
  ...{ account: base.account, chainId: base.ledger.chainId },
  freshHours: base.settings.freshHours,
}));

import { walletGet } from '../../api/routes/wallet-get.ts';
import { handler } from '../handler.ts';

export const handleWalletGet = handler(walletGet, ({ gateway, params, request }) =>
  gateway.wallets.get(params.locator, request.ip),
);

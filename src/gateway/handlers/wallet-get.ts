import { walletGet } from '../../api/routes/wallet-get.ts';
import { handler } from '../handler.ts';

/** Hits are free, misses are counted by address. Throws NOT_FOUND, RATE_LIMITED. Source: rule H-14. */
export const handleWalletGet = handler(walletGet, ({ gateway, params, request }) =>
  gateway.wallets.get(params.locator, request.ip),
);

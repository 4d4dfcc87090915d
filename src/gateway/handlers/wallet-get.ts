import { encodeWalletAnswer } from '../../api/people.ts';
import { walletGet } from '../../api/routes/wallet-get.ts';
import { handler } from '../handler.ts';

/** Throws NOT_FOUND. Source: rule H-14. */
export const handleWalletGet = handler(walletGet, ({ gateway, params, reply }) =>
  reply.type(walletGet.media).send(encodeWalletAnswer(gateway.wallets.get(params.locator))),
);

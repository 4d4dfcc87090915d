import { walletPut } from '../../api/routes/wallet-put.ts';
import { wholeBody } from '../body-stream.ts';
import { handler } from '../handler.ts';

/** Throws WALLET_CONFLICT unless it follows the copy that is kept. Source: rule H-14. */
export const handleWalletPut = handler(walletPut, async ({ gateway, request }) => {
  const { sessions, wallets } = gateway;
  const encoded = await wholeBody(request, { most: walletPut.bodyBytes });
  // The session may have ended while the body came, and again while the copy was read.
  const requireSession = () => sessions.require(request.headers.authorization);
  const { account } = requireSession();
  return { serial: await wallets.copies.put(account, encoded, requireSession) };
});

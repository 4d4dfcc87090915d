import { decodeWalletPut } from '../../api/people.ts';
import { walletPut } from '../../api/routes/wallet-put.ts';
import { wholeBody } from '../body-stream.ts';
import { handler } from '../handler.ts';

/** Throws WALLET_CONFLICT unless the stored version is the expected one. Source: rule H-14. */
export const handleWalletPut = handler(walletPut, async ({ gateway, params, request }) => {
  const copy = decodeWalletPut(await wholeBody(request, { most: walletPut.bodyBytes }));
  // The session may have ended while the body came.
  const { account } = gateway.sessions.require(request.headers.authorization);
  return { version: gateway.wallets.put(params.locator, account, copy) };
});

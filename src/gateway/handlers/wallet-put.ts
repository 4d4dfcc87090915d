import { bytesOfText } from '../../api/message-parts.ts';
import { walletPut } from '../../api/routes/wallet-put.ts';
import { handler } from '../handler.ts';

/** Throws WALLET_CONFLICT unless the stored version is the expected one. Source: rule H-14. */
export const handleWalletPut = handler(walletPut, ({ gateway, caller, params, body }) => {
  const copy = { expectedVersion: body.expectedVersion, sealed: bytesOfText(body.sealed) };
  return { version: gateway.wallets.put(params.locator, caller.account, copy) };
});

import { bytesOfText } from '../../api/message-parts.ts';
import { walletPut } from '../../api/routes/wallet-put.ts';
import { handler } from '../handler.ts';

export const handleWalletPut = handler(walletPut, ({ gateway, caller, params, body }) => {
  const copy = { expectedVersion: body.expectedVersion, sealed: bytesOfText(body.sealed) };
  return { version: gateway.wallets.put(params.locator, caller.account, copy) };
});

import { walletGet } from '../../api/routes/wallet-get.ts';
import { CodedError } from '../../primitives/errors.ts';
import { handler } from '../handler.ts';

/** An older copy only for who came with the printed code. Throws NOT_FOUND. Source: rule H-14. */
export const handleWalletGet = handler(walletGet, ({ gateway, caller, query, reply }) => {
  const { account, withCode } = caller;
  const { copies } = gateway.wallets;
  const { serial } = query;
  if (serial !== undefined && !withCode && serial !== copies.newestSerial(account)) {
    throw new CodedError('NOT_FOUND');
  }
  return reply.type(walletGet.media).send(copies.get(account, serial));
});

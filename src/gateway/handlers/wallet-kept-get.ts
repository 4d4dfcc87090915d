import { walletKeptGet } from '../../api/routes/wallet-kept-get.ts';
import { CodedError } from '../../primitives/errors.ts';
import { handler } from '../handler.ts';

/** Throws FORBIDDEN without the printed code. Source: rule H-14. */
export const handleWalletKeptGet = handler(walletKeptGet, ({ gateway, caller }) => {
  if (!caller.withCode) throw new CodedError('FORBIDDEN');
  return { copies: gateway.wallets.copies.list(caller.account) };
});

import { walletDelete } from '../../api/routes/wallet-delete.ts';
import { CodedError } from '../../primitives/errors.ts';
import { handler } from '../handler.ts';

/** Throws FORBIDDEN: with the printed code, of an account whose key is not revoked. Source: rule H-28. */
export const handleWalletDelete = handler(walletDelete, async ({ gateway, caller }) => {
  const { account, withCode } = caller;
  const { copies, leaving } = gateway.wallets;
  if (!withCode) return { goneMs: leaving.ask(account) };
  if ((await gateway.view.account(account))?.frozen !== true) throw new CodedError('FORBIDDEN');
  await copies.dropAll(account);
  leaving.forget(account);
  return { goneMs: gateway.now() };
});

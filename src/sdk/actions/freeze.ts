import type { Context, WorkOptions } from '../client/context.ts';
import type { ConfirmedTx } from '../client/send-tx.ts';
import { takeBack } from '../client/take-back.ts';

/**
 * Freezes this account by its own key: for a device that was stolen and that others can still open. What was granted
 * stays and may be taken back; the printed code brings the account back (`rotate`). Needs no session and no copy.
 *
 * Throws ACCOUNT_FROZEN (it is frozen already), KEY_NOT_CURRENT (this wallet's keys are old ones).
 * Source: docs/protocol/acts.md, rule A-3, and wallet.md, rule W-20.
 */
export function freezeAccount(ctx: Context, { signal }: WorkOptions = {}): Promise<ConfirmedTx> {
  const { account } = ctx.account;
  return takeBack(ctx, { kind: 'freeze', acts: [{ kind: 'RevokeKey', account }], signal });
}

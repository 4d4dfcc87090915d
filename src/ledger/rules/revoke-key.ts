import type { RevokeKey } from '../acts.ts';
import { type ActContext, accept, type LedgerView, type Outcome, refuse } from './outcome.ts';

/**
 * The account or its organisation freezes it: its own key may only take grants back from then on. Grants,
 * and writing under them, stay.
 *
 * Refuses: ACCOUNT_UNKNOWN, SENDER_WRONG, ACCOUNT_FROZEN.
 * Writes: `accounts[account]`.
 * Source: docs/protocol/acts.md, rule A-3.
 */
export function revokeKey(view: LedgerView, act: RevokeKey, context: ActContext): Outcome {
  const account = view.get('accounts', act.account);
  if (account === undefined) return refuse('ACCOUNT_UNKNOWN');
  const isOwn = act.account === context.sender;
  if (!isOwn && account.organisation !== context.sender) return refuse('SENDER_WRONG');
  if (account.frozen) return refuse('ACCOUNT_FROZEN');
  return accept([{ table: 'accounts', id: act.account, row: { ...account, frozen: true } }]);
}

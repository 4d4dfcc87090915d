import { accountId } from '../../primitives/shape.ts';
import { type ActWith, defineAct } from '../act.ts';
import { isMember } from '../members.ts';
import { type ActContext, accept, type Outcome, refuse } from '../outcome.ts';
import { waitingRecovery, withoutWaiting } from '../recovery.ts';
import { type LedgerView, put } from '../table.ts';
import { type Account, accounts } from '../tables/accounts.ts';
import { keys } from '../tables/keys.ts';

const fields = { account: accountId };
export type RevokeKey = ActWith<'RevokeKey', typeof fields>;

/**
 * The account or its organisation freezes it: its own key may only take grants back from then on. Grants,
 * and writing under them, stay; a new printed code that waits is dropped.
 *
 * Refuses: ACCOUNT_UNKNOWN, SENDER_WRONG, ACCOUNT_FROZEN.
 * Writes: `accounts[account]`, `keys[account]`.
 * Source: docs/protocol/acts.md, rule A-3.
 */
export const revokeKey = defineAct({
  kind: 'RevokeKey',
  number: 3,
  fields,
  log: 'user',
  senders: 'everybody',
  takesBack: true,
  rules: [{ fromVersion: 1, judge }],
  about: ({ account }) => ({ account }),
  facts: ({ account }) => ({ account }),
});

/** the organisation that enrolled it, while it is a member of the ledger. */
function isEnroller(
  view: LedgerView,
  { organisation }: Account,
  { sender, charter, block }: ActContext,
): boolean {
  return organisation === sender && isMember(view, charter, sender, block.height);
}

function judge(view: LedgerView, act: RevokeKey, context: ActContext): Outcome {
  const account = view.get(accounts, act.account);
  // there is such an account,
  if (account === undefined) return refuse('ACCOUNT_UNKNOWN');
  const isOwn = act.account === context.sender;
  // and it is the sender's own, or one that the sender enrolled,
  if (!isOwn && !isEnroller(view, account, context)) return refuse('SENDER_WRONG');
  // and it is not frozen yet.
  if (account.frozen) return refuse('ACCOUNT_FROZEN');
  const frozen = put(accounts, act.account, { ...account, frozen: true });
  const directory = view.get(keys, act.account);
  const { timeMs } = context.block;
  // a printed code that waits does not go on waiting while nobody can stop it.
  if (directory === undefined || waitingRecovery(directory, timeMs) === undefined) {
    return accept([frozen]);
  }
  return accept([frozen, put(keys, act.account, withoutWaiting(directory, timeMs))]);
}

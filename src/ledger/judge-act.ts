import type { ActModule } from './act.ts';
import { type ActContext, type Outcome, refuse } from './outcome.ts';
import { type Act, moduleOf } from './protocol.ts';
import type { Role } from './roles.ts';
import type { LedgerView } from './table.ts';
import { accounts } from './tables/accounts.ts';

/** Whether accounts of this role may send such an act at all. */
export function maySend({ senders }: Pick<ActModule, 'senders'>, role: Role): boolean {
  return senders === 'everybody' || senders.includes(role);
}

/**
 * May the sender send such an act at all, and if so, what does the act's own rule say, in the version that
 * the log's profile names for this height? An upgrade adds a rule and keeps the old ones: a replay must
 * answer as before.
 *
 * Refuses: SENDER_UNKNOWN, ROLE_WRONG, ACCOUNT_FROZEN, LOG_WRONG (no rule that early), and what the act's
 * rule refuses. Source: docs/protocol/roles.md; state.md, rule ST-9.
 */
export function judgeAct(view: LedgerView, act: Act, context: ActContext): Outcome {
  const module = moduleOf(act);
  const sender = view.get(accounts, context.sender);
  if (sender === undefined) return refuse('SENDER_UNKNOWN');
  // roles.md: everything that the table does not allow.
  if (!maySend(module, sender.role)) return refuse('ROLE_WRONG');
  // RO-4. Writing under a grant stays possible: the write key is not the frozen account's own key.
  const isOwnKey = context.authority !== 'write-key';
  if (sender.frozen && isOwnKey && module.whileFrozen !== true) return refuse('ACCOUNT_FROZEN');
  const version = context.charter.logs[context.log]?.version ?? 0;
  const rule = module.rules.findLast(({ fromVersion }) => fromVersion <= version);
  return rule === undefined ? refuse('LOG_WRONG') : rule.judge(view, act, context);
}

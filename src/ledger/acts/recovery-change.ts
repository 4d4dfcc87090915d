import { equalBytes } from '../../primitives/bytes.ts';
import { type ActWith, defineAct } from '../act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../outcome.ts';
import {
  namedRecovery,
  recoveryOf,
  recoveryWaitMs,
  waitingRecovery,
  withoutWaiting,
} from '../recovery.ts';
import { hash } from '../shapes.ts';
import { type LedgerView, put } from '../table.ts';
import { accounts } from '../tables/accounts.ts';
import { keys } from '../tables/keys.ts';

/** What binds the keys of the new printed code. */
const fields = { recovery: hash };
export type RecoveryChange = ActWith<'RecoveryChange', typeof fields>;

/**
 * A new printed code without the old one: it counts after seven days, in which the old code, the key in use and
 * keys that were in use shortly before may stop it. Not by a key younger than that: who stole a device for a
 * minute has to be overlooked for two weeks.
 *
 * Refuses: ACCOUNT_UNKNOWN, KEY_TAKEN (it is in use), RECOVERY_PENDING, RECOVERY_NEEDED (the key is too young).
 * Writes: `keys[sender]`, `recoveries[recovery]`.
 * Source: docs/protocol/acts.md, rule A-10.
 */
export const recoveryChange = defineAct({
  kind: 'RecoveryChange',
  number: 5,
  fields,
  log: 'user',
  senders: 'everybody',
  rules: [{ fromVersion: 1, judge }],
  facts: () => ({}),
});

function judge(view: LedgerView, { recovery }: RecoveryChange, context: ActContext): Outcome {
  const { sender, block, charter } = context;
  const { timeMs: beganMs, height: beganHeight } = block;
  const account = view.get(accounts, sender);
  const directory = view.get(keys, sender);
  if (account === undefined || directory === undefined) return refuse('ACCOUNT_UNKNOWN');
  // it is another one,
  if (equalBytes(recovery, recoveryOf(directory, beganMs))) return refuse('KEY_TAKEN');
  // one at a time,
  if (waitingRecovery(directory, beganMs) !== undefined) return refuse('RECOVERY_PENDING');
  // and the key in use has stood for a while: its owner would have noticed another's.
  const isYoung = account.keySinceMs !== 0 && beganMs < account.keySinceMs + recoveryWaitMs;
  if (isYoung) return refuse('RECOVERY_NEEDED');
  const row = {
    ...withoutWaiting(directory, beganMs),
    pendingRecovery: [{ recovery, beganMs, beganHeight }],
  };
  return accept([
    put(keys, sender, row),
    ...namedRecovery(view, charter, { recovery, account: sender }),
  ]);
}

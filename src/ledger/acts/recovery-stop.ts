import { equalBytes } from '../../primitives/bytes.ts';
import { type ActWith, defineAct } from '../act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../outcome.ts';
import { waitingRecovery, withoutWaiting } from '../recovery.ts';
import { hash, optionalHash } from '../shapes.ts';
import { type LedgerView, put } from '../table.ts';
import { keys } from '../tables/keys.ts';

const fields = {
  /** The one that waits. */
  recovery: hash,
  /** By the recovery key: SHA-256 of the printed code's other key, with which it makes the recovery in use. */
  codeKemHash: optionalHash,
};
export type RecoveryStop = ActWith<'RecoveryStop', typeof fields>;

/**
 * Ends a RecoveryChange that waits: by the key in use, by the old printed code, or by a key that was in use in
 * the 30 days before it began (the door: T-8). A kept device whose key is not the newest any more can do so.
 *
 * Refuses: RECOVERY_UNKNOWN. Writes: `keys[sender]`. Source: docs/protocol/acts.md, rule A-11.
 */
export const recoveryStop = defineAct({
  kind: 'RecoveryStop',
  number: 6,
  fields,
  log: 'user',
  senders: 'everybody',
  whileFrozen: true,
  takesBack: true,
  rules: [{ fromVersion: 1, judge }],
  facts: () => ({}),
});

function judge(view: LedgerView, { recovery }: RecoveryStop, context: ActContext): Outcome {
  const { timeMs } = context.block;
  const directory = view.get(keys, context.sender);
  const waiting = directory === undefined ? undefined : waitingRecovery(directory, timeMs);
  // this very one, not another that began meanwhile.
  if (directory === undefined || waiting === undefined || !equalBytes(waiting.recovery, recovery)) {
    return refuse('RECOVERY_UNKNOWN');
  }
  return accept([put(keys, context.sender, withoutWaiting(directory, timeMs))]);
}

import type { KeySet, ScheduledEpoch } from '../acts.ts';
import { keySetRowId } from '../state.ts';
import { epochInForce } from './epochs.ts';
import { type ActContext, accept, type LedgerView, type Outcome, refuse } from './outcome.ts';

export const maxScheduled = 16;

/**
 * A patient publishes the key epochs that begin next, and the envelopes that open them. All epochs that
 * have not begun are replaced; a number once scheduled is never used again, so a KeySet that lost a race
 * cannot open the epoch of the one that won.
 *
 * Refuses: ACCOUNT_UNKNOWN, KEYSET_STALE, KEYSET_SCHEDULE.
 * Writes: `accounts[sender]`, `keysets[sender, after]`.
 * Source: docs/protocol/acts.md, rule A-4.
 */
export function keySet(view: LedgerView, act: KeySet, context: ActContext): Outcome {
  const { sender, block } = context;
  const account = view.get('accounts', sender);
  if (account === undefined) return refuse('ACCOUNT_UNKNOWN');
  if (act.after !== account.highestEpoch) return refuse('KEYSET_STALE');
  const schedule = scheduleFrom(act, block.timeMs);
  if (schedule === undefined) return refuse('KEYSET_SCHEDULE');

  const running = epochInForce(account.schedule, block.timeMs);
  const { after, salt, keySetBlob, envelopeSetBlob } = act;
  const next = schedule.map((epoch) => ({ ...epoch, keySet: after }));
  const row = {
    ...account,
    highestEpoch: after + schedule.length,
    newestKeySet: after,
    schedule: running === undefined ? next : [running, ...next],
  };
  const stored = {
    previous: account.newestKeySet,
    salt,
    schedule,
    keySetBlob,
    envelopeSetBlob,
    height: block.height,
    timeMs: block.timeMs,
  };
  return accept([
    { table: 'accounts', id: sender, row },
    { table: 'keysets', id: keySetRowId(sender, after), row: stored },
  ]);
}

/** The schedule with "from this block" made a time; undefined when a number or a time is out of order. */
function scheduleFrom(act: KeySet, blockTimeMs: number): readonly ScheduledEpoch[] | undefined {
  if (act.schedule.length < 1 || act.schedule.length > maxScheduled) return undefined;
  const schedule: ScheduledEpoch[] = [];
  let lastMs = blockTimeMs;
  for (const [index, { epoch, validFromMs }] of act.schedule.entries()) {
    if (epoch !== act.after + 1 + index) return undefined;
    const isNow = index === 0 && validFromMs === 0;
    if (!isNow && validFromMs <= lastMs) return undefined;
    lastMs = isNow ? blockTimeMs : validFromMs;
    schedule.push({ epoch, validFromMs: lastMs });
  }
  return schedule;
}

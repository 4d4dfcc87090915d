import { blobId, bytes, list, uint } from '../../primitives/shape.ts';
import { type ActWith, defineAct } from '../act.ts';
import { type ActContext, accept, type Outcome, refuse } from '../outcome.ts';
import { type ScheduledEpoch, scheduledEpoch } from '../shapes.ts';
import { type LedgerView, put } from '../table.ts';
import { accounts } from '../tables/accounts.ts';
import { keySetRowId, keysets } from '../tables/keysets.ts';
import { epochInForce } from './epochs.ts';

export const maxScheduled = 16;

const fields = {
  /** The highest number ever scheduled before; 0: this is the first. */
  after: uint,
  salt: bytes(16),
  schedule: list(scheduledEpoch),
  keySetBlob: blobId,
  envelopeSetBlob: blobId,
};
export type KeySet = ActWith<'KeySet', typeof fields>;

/**
 * A patient publishes the key epochs that begin next, and the envelopes that open them. All epochs that
 * have not begun are replaced; a number once scheduled is never used again, so a KeySet that lost a race
 * cannot open the epoch of the one that won.
 *
 * Refuses: ACCOUNT_UNKNOWN, KEYSET_STALE, KEYSET_SCHEDULE.
 * Writes: `accounts[sender]`, `keysets[sender, after]`.
 * Source: docs/protocol/acts.md, rule A-4.
 */
export const keySet = defineAct({
  kind: 'KeySet',
  number: 4,
  fields,
  log: 'user',
  senders: ['patient'],
  rules: [{ fromVersion: 1, judge }],
  facts: ({ schedule }) => ({ epochs: schedule.map(({ epoch }) => String(epoch)) }),
});

function judge(view: LedgerView, act: KeySet, context: ActContext): Outcome {
  const { sender, block } = context;
  const account = view.get(accounts, sender);
  if (account === undefined) return refuse('ACCOUNT_UNKNOWN');
  // it goes on from the highest number ever scheduled; another device may have been first.
  if (act.after !== account.highestEpoch) return refuse('KEYSET_STALE');
  const schedule = scheduleFrom(act, block.timeMs);
  // numbers and times rise, and lie after block time.
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
  return accept([put(accounts, sender, row), put(keysets, keySetRowId(sender, after), stored)]);
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

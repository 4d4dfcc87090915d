import type { RecordClass } from '../../api/classes.ts';
import type { ScheduledEpoch } from '../../ledger/shapes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { Context } from '../client/context.ts';
import type { OwnerKeys } from '../keys/key-ring.ts';
import type { Wrapping } from '../records/item-wrap.ts';

/** The epoch in force by our clock. Throws EPOCH_NONE. */
export function epochNow(schedule: readonly ScheduledEpoch[], nowMs: number): number {
  const running = schedule.findLast((it) => it.validFromMs <= nowMs) ?? schedule[0];
  if (running === undefined) throw new CodedError('EPOCH_NONE');
  return running.epoch;
}

/** How the owner wraps what is sealed now. Throws EPOCH_NONE; `wrappingFor` KEY_NOT_HERE. */
export function ownWrapping(keys: OwnerKeys, nowMs: number) {
  const epoch = epochNow(keys.account.schedule, nowMs);
  const wrappingFor = (recordClass: RecordClass): Wrapping => ({
    ...{ kind: 'segment', epoch },
    sek: keys.sek(recordClass, epoch),
  });
  return { epoch, wrappingFor };
}

const tries = 4;

/**
 * Seals and anchors again under the new keys when a boundary of the schedule passed meanwhile. After the
 * first refusal the ledger's clock alone counts: this device's may be wrong.
 */
export async function underRunningEpoch<T>(
  ctx: Context,
  work: (clockMs: () => number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(() => (attempt === 1 ? ctx.nowMs() : ctx.ledger.tip.timeMs));
    } catch (error) {
      if (!isCoded(error, 'EPOCH_STALE') || attempt >= tries) throw error;
    }
  }
}

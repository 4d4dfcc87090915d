import { CodedError } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';

/** The most epochs one KeySet may schedule (protocol 4). */
export const maxScheduled = 16;

/** A habit, not a rule: the wallet begins a new epoch when the running one is this old. */
export const epochHabitMs = 90 * 24 * 3_600_000;

/** A grant as the schedule sees it: when it lives. */
export interface LiveGrant {
  readonly consent: ConsentId;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface PlannedEpoch {
  readonly epoch: number;
  /** 0: from the block that takes the KeySet. */
  readonly validFromMs: number;
  /** Grants that live in the whole epoch: they get its keys. */
  readonly consents: readonly ConsentId[];
}

export interface ScheduleInput {
  /** The newest block time that this wallet verified, or the device's clock when that is later. */
  readonly nowMs: number;
  /** The highest number ever scheduled; 0 before the first KeySet: epochs count from 1. */
  readonly after: number;
  /** Grants that have not ended, the new one included, the revoked one not. */
  readonly grants: readonly LiveGrant[];
  /** A time that lies less than this ahead counts as come: the block may be later than `nowMs`. */
  readonly marginMs?: number;
}

/**
 * Which epochs a wallet schedules, and who gets the keys of each: one from now, one at each coming
 * notBefore, one at each notAfter. So a grant ends at block time while the patient's phone is off.
 * When 16 places do not suffice the last one is for nobody: it fails closed until the wallet runs again.
 *
 * Source: docs/protocol/keys.md, rules K-5 to K-7.
 */
export function planSchedule(input: ScheduleInput): readonly PlannedEpoch[] {
  const horizonMs = input.nowMs + (input.marginMs ?? 0);
  const coming = new Set<number>();
  for (const { notBeforeMs, notAfterMs } of input.grants) {
    if (notBeforeMs >= notAfterMs) throw new CodedError('CONSENT_TIMES', {});
    if (notAfterMs <= horizonMs) continue;
    if (notBeforeMs > horizonMs) coming.add(notBeforeMs);
    coming.add(notAfterMs);
  }
  const begins = [horizonMs, ...[...coming].sort((a, b) => a - b)];
  const kept = begins.slice(0, maxScheduled);
  const overflows = begins.length > maxScheduled;
  return kept.map((beginMs, place) => ({
    epoch: input.after + 1 + place,
    validFromMs: place === 0 ? 0 : beginMs,
    consents:
      overflows && place === maxScheduled - 1 ? [] : livingAt(input.grants, beginMs).sort(byText),
  }));
}

function livingAt(grants: readonly LiveGrant[], timeMs: number): ConsentId[] {
  return grants
    .filter((grant) => grant.notBeforeMs <= timeMs && timeMs < grant.notAfterMs)
    .map((grant) => grant.consent);
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** An epoch that has begun, with the block time at which the next one began (undefined: it runs). */
export interface PastEpoch {
  readonly epoch: number;
  readonly fromMs: number;
  readonly toMs: number | undefined;
}

export interface History {
  /** Epochs whose keys the grantee may have whole. */
  readonly whole: readonly number[];
  /** Epochs of which he may read what was anchored since `fromMs`, item by item. */
  readonly parts: readonly number[];
}

/** What of the past a new grant opens: `fromMs` 0 is all history; single records never bring a whole epoch. */
export function historyOf(
  past: readonly PastEpoch[],
  fromMs: number,
  singleRecords: boolean,
): History {
  const overlapping = past.filter((epoch) => epoch.toMs === undefined || epoch.toMs > fromMs);
  if (singleRecords) return { whole: [], parts: overlapping.map((it) => it.epoch) };
  const isWhole = (epoch: PastEpoch): boolean => epoch.fromMs >= fromMs;
  return {
    whole: overlapping.filter(isWhole).map((it) => it.epoch),
    parts: overlapping.filter((it) => !isWhole(it)).map((it) => it.epoch),
  };
}

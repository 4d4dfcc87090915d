import type { Account } from '../tables/accounts.ts';

type Schedule = Account['schedule'];

/** The epoch in force: the last whose time has come (docs/protocol/acts.md, rule A-5). */
export function epochInForce(schedule: Schedule, timeMs: number): Schedule[number] | undefined {
  return schedule.findLast(({ validFromMs }) => validFromMs <= timeMs);
}

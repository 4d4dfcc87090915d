import { profileAt } from '../../ledger/charter.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { foundingLogs, moduleOfNumber } from '../../ledger/protocol.ts';
import type { LogName } from '../../ledger/shapes.ts';
import type { ProfileEntry } from '../../ledger/tables/profiles.ts';

/** Act numbers, rising; a version of the rules; and from which height on. */
export type LogEntry = ProfileEntry;

/** What this version calls an act; undefined: it does not know it. */
export function kindOfAct(act: number): string | undefined {
  return moduleOfNumber(act)?.kind;
}

/** What one log takes, and how that compares with what this version of Salus knows. */
export interface LogStanding {
  readonly log: LogName;
  /** Of the block that comes next. */
  readonly takes: LogEntry;
  /** What is settled and has not begun. */
  readonly waits: LogEntry | undefined;
  /** Acts that a ledger founded now takes here, and this one does not, now or later. */
  readonly untaken: readonly number[];
  /** Acts that it takes, now or later, and this version does not know: a server stops when they begin. */
  readonly unknown: readonly number[];
}

/**
 * Each log of a ledger, as it stands after the block of this height. `rowOf` gives its row in `profiles`; the
 * caller knows whether it has to be proven. Source: docs/protocol/state.md, rule ST-9.
 */
export async function logStandings(
  genesis: Genesis,
  height: number,
  rowOf: (log: LogName) => Promise<readonly LogEntry[] | undefined>,
): Promise<readonly LogStanding[]> {
  const standings: LogStanding[] = [];
  for (const { name: log, acts } of genesis.logs) {
    const row = await rowOf(log);
    const takes = profileAt(acts, row, height + 1);
    const newest = row?.at(-1);
    const waits = newest !== undefined && newest.fromHeight > height + 1 ? newest : undefined;
    const settled = waits?.acts ?? takes.acts;
    const founding = foundingLogs.find(({ name }) => name === log)?.acts ?? [];
    standings.push({
      log,
      takes,
      waits,
      untaken: founding.filter((act) => !settled.includes(act)),
      unknown: settled.filter((act) => kindOfAct(act) === undefined),
    });
  }
  return standings;
}

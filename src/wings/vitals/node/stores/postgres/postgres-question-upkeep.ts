import type { GuardedTable } from '../guarded-tables.ts';
import { questionTables } from '../guarded-tables.ts';
import type { Upkeep } from '../upkeep.ts';
import { badMac, type PostgresRowGuard } from './postgres-row-guard.ts';

/** Looks at questions that are kept in PostgreSQL; what does not hold goes. Source: docs/protocol/vitals-tampering.md, rules VT-8 and VT-17. */
export function postgresQuestionUpkeep(guard: PostgresRowGuard): Upkeep {
  return {
    async scrub(place, most) {
      const at = questionTables.findIndex(({ name }) => name === (place?.table ?? 'questions'));
      const table: GuardedTable = questionTables[at] ?? questionTables[0];
      const { rows, bytes, next } = await guard.scrub(guard.ask, table, {
        ...{ after: place?.after, most },
      });
      const following = questionTables[at + 1];
      return {
        bad: rows.filter(({ isHeld }) => !isHeld).map(({ row }) => badMac(table, row)),
        ...{ rows: rows.length, bytes },
        next:
          next !== undefined
            ? { table: table.name, after: next }
            : following && { table: following.name, after: [] },
      };
    },
    scrubWhole: () => guard.miscounted(),
    wasWrittenByOthers: () => guard.wasWrittenByOthers(),
    drop: () =>
      guard.mending(async (step) => {
        for (const table of questionTables) await guard.dropBad(step, table);
      }),
    attempts: () => guard.attempts(),
    reported: () => guard.reported(),
  };
}

import { join } from 'node:path';
import { pageTables, questionTables } from '../../node/stores/guarded-tables.ts';
import { columnsIn, flipped, tampered } from './tampered-file.ts';
import {
  changesAreFound,
  changesAreMended,
  lossesAreMended,
  type TamperedStore,
} from './tampered-stores.ts';

const tables: readonly string[] = [...pageTables, ...questionTables].map(({ name }) => name);
const fileOf = (table: string): string =>
  questionTables.some(({ name }) => name === table) ? 'questions 0.db' : '0.db';

/** The files of the first server. */
function filesIn(folder: string): TamperedStore {
  const path = (table: string) => join(folder, fileOf(table));
  return {
    tables,
    columnsIn: async (table) => columnsIn(path(table), table),
    async flipped(place) {
      const undo = flipped(path(place.table), place);
      return async () => undo();
    },
    async gone(table) {
      tampered(path(table), (db) => {
        const [key] =
          [...pageTables, ...questionTables].find(({ name }) => name === table)?.key ?? [];
        db.exec(`DELETE FROM ${table} WHERE ${key} = (SELECT ${key} FROM ${table} LIMIT 1)`);
      });
    },
  };
}

const open = async () => ({ first: filesIn });
changesAreFound('SQLite', tables, open);
changesAreMended('SQLite', tables, open);
lossesAreMended('SQLite', tables, open);

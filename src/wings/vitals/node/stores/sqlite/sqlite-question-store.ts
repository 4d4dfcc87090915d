import { DatabaseSync } from 'node:sqlite';
import { sha256 } from '../../../../../crypto/hash.ts';
import { CodedError } from '../../../../../primitives/errors.ts';
import { isSqliteFull } from '../../../../../primitives/sqlite-full.ts';
import { questionTables } from '../guarded-tables.ts';
import type { PageSet } from '../page-selection.ts';
import type { KeptQuestion, QuestionStore } from '../question-store.ts';
import type { RowMacs } from '../row-macs.ts';
import type { ScrubPlace } from '../upkeep.ts';
import { isFileNew, SqliteRowGuard } from './sqlite-row-guard.ts';

const schema = `
  CREATE TABLE questions (
    place INTEGER PRIMARY KEY, query TEXT NOT NULL UNIQUE, researcher TEXT NOT NULL, dataset TEXT NOT NULL,
    signed BLOB NOT NULL, selection BLOB NOT NULL, page_set BLOB NOT NULL, answer BLOB, sealed INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX questions_by_dataset ON questions (dataset, researcher);
  CREATE INDEX questions_owed ON questions (place) WHERE sealed = 0;
  CREATE TABLE looks (
    researcher TEXT NOT NULL, dataset TEXT NOT NULL, quarter INTEGER NOT NULL, page_set BLOB NOT NULL,
    PRIMARY KEY (researcher, dataset, quarter, page_set)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE page_sets (
    researcher TEXT NOT NULL, dataset TEXT NOT NULL, page_set BLOB NOT NULL, patients BLOB NOT NULL,
    PRIMARY KEY (researcher, dataset, page_set)
  ) STRICT, WITHOUT ROWID;
`;

/**
 * Questions in a SQLite file of their own; `:memory:` keeps nothing. What a call returned from is on disk (WAL,
 * synchronous=FULL). Throws DISK_FULL, HOME_INVALID: it has tables and says that it is new.
 */
export function sqliteQuestionStore(path: string, macs: RowMacs): QuestionStore {
  const sqlite = new DatabaseSync(path, { timeout: 2_000 });
  sqlite.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
  const guard = new SqliteRowGuard(sqlite, macs, questionTables);
  if (isFileNew(sqlite))
    whole(() => {
      sqlite.exec(schema);
      guard.install();
      sqlite.exec('PRAGMA user_version = 1');
    });
  const byQuery = sqlite.prepare('SELECT * FROM questions WHERE query = ?');
  // Everything within a transaction is synchronous: no other call comes between its steps.
  const kept = (query: string): KeptQuestion | undefined => {
    const row = byQuery.get(query);
    return row === undefined ? undefined : questionOf(row);
  };

  const ownSets = 'FROM page_sets WHERE researcher = ? AND dataset = ?';
  const setNames = sqlite.prepare(`SELECT page_set ${ownSets}`);
  const setByName = sqlite.prepare(`SELECT patients ${ownSets} AND page_set = ?`);
  const insertSet = sqlite.prepare('INSERT OR IGNORE INTO page_sets VALUES (?, ?, ?, ?)');
  const insertQuestion = sqlite.prepare(
    'INSERT INTO questions (query, researcher, dataset, signed, selection, page_set, answer) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const ownLooks = 'researcher = ? AND dataset = ? AND quarter = ?';
  const lookBefore = sqlite.prepare(`SELECT 1 FROM looks WHERE ${ownLooks} AND page_set = ?`);

  function* setsBefore(researcher: string, dataset: string): Iterable<PageSet> {
    for (const row of setNames.all(researcher, dataset)) {
      const found = setByName.get(researcher, dataset, bytesIn(row, 'page_set'));
      if (found !== undefined) yield bytesIn(found, 'patients');
    }
  }

  function whole<Result>(work: () => Result): Result {
    sqlite.exec('BEGIN IMMEDIATE');
    try {
      guard.begin();
      const result = work();
      guard.settle();
      sqlite.exec('COMMIT');
      return result;
    } catch (error) {
      if (sqlite.isTransaction) sqlite.exec('ROLLBACK');
      guard.forget();
      throw isSqliteFull(error) ? new CodedError('DISK_FULL', {}, error) : error;
    }
  }

  return {
    known: async (query) => kept(query),
    async *earlierSets(researcher, dataset) {
      yield* setsBefore(researcher, dataset);
    },
    async look({ researcher, dataset, quarter, group }, most) {
      return whole(() => {
        const key = [researcher, dataset, quarter] as const;
        if (lookBefore.get(...key, group) !== undefined) return true;
        const counted = sqlite
          .prepare(`SELECT count(*) AS n FROM looks WHERE ${ownLooks}`)
          .get(...key);
        if (Number(counted?.n) >= most) return false;
        sqlite.prepare('DELETE FROM looks WHERE quarter < ?').run(quarter);
        sqlite.prepare('INSERT INTO looks VALUES (?, ?, ?, ?)').run(...key, group);
        return true;
      });
    },
    async begin(question, set, guard, answer) {
      return whole(() => {
        const before = kept(question.query);
        // Begun by a server that was then killed, on other pages perhaps: its caller compares, and keeps.
        if (before !== undefined) return before;
        const { query, researcher, dataset, signed, selection } = question;
        for (const earlier of setsBefore(researcher, dataset)) guard(earlier);
        const name = sha256(set);
        insertSet.run(researcher, dataset, name, set);
        const rest = [signed, selection, name, answer ?? null] as const;
        insertQuestion.run(query, researcher, dataset, ...rest);
        return { ...question, answer, isSealed: false };
      });
    },
    async keep(query, answer) {
      return whole(() => {
        sqlite
          .prepare('UPDATE questions SET answer = ? WHERE query = ? AND answer IS NULL')
          .run(answer, query);
        const stays = kept(query)?.answer;
        if (stays === undefined) throw new CodedError('INTERNAL', { query });
        return stays;
      });
    },
    async sealed(query) {
      whole(() => sqlite.prepare('UPDATE questions SET sealed = 1 WHERE query = ?').run(query));
    },
    async unsealed() {
      const owed = 'SELECT * FROM questions WHERE sealed = 0 AND answer IS NOT NULL ORDER BY place';
      return sqlite.prepare(owed).all().map(questionOf);
    },
    async signedOn(dataset, { researcher, skip, most }) {
      const sql = `SELECT signed FROM questions WHERE dataset = ? AND (? IS NULL OR researcher = ?)
        ORDER BY place LIMIT ? OFFSET ?`;
      const who = researcher ?? null;
      return sqlite
        .prepare(sql)
        .all(dataset, who, who, most, skip)
        .map((row) => bytesIn(row, 'signed'));
    },
    close: async () => sqlite.close(),
    upkeep: {
      async scrub(place, most) {
        const at = questionTables.findIndex(({ name }) => name === (place?.table ?? 'questions'));
        const table = questionTables[at] ?? questionTables[0];
        const { next, ...found } = guard.scrub(table, { after: place?.after, most });
        const following = questionTables[at + 1];
        return {
          ...found,
          next:
            next !== undefined
              ? { table: table.name, after: next as ScrubPlace['after'] }
              : following && { table: following.name, after: [] },
        };
      },
      scrubWhole: async (isFull) => guard.scrubWhole(isFull),
      scrubWholeStep: async (place, most) => guard.walk.step(place, most),
      wasWrittenByOthers: async () => guard.wasWrittenByOthers(),
      async drop() {
        whole(() =>
          guard.mending(() => {
            for (const table of questionTables) guard.dropBad(table);
            guard.recount();
          }),
        );
      },
    },
  };
}

type SqliteRow = Readonly<Record<string, unknown>>;

function bytesIn(row: SqliteRow, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new CodedError('INTERNAL', { column });
  return value;
}

const questionOf = (row: SqliteRow): KeptQuestion => ({
  query: String(row.query),
  researcher: String(row.researcher),
  dataset: String(row.dataset),
  signed: bytesIn(row, 'signed'),
  selection: bytesIn(row, 'selection'),
  answer: row.answer === null ? undefined : bytesIn(row, 'answer'),
  isSealed: row.sealed === 1,
});

import { sha256 } from '../../../crypto/hash.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { bytesIn, type Row, textIn } from './page-rows.ts';
import type { PageSet } from './page-selection.ts';
import { type Ask, PostgresSession } from './postgres-session.ts';
import type { KeptQuestion, QuestionStore } from './question-store.ts';

const tables = `
  CREATE TABLE questions (
    place int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, query text NOT NULL UNIQUE, researcher text NOT NULL,
    dataset text NOT NULL, signed bytea NOT NULL, selection bytea NOT NULL, page_set bytea NOT NULL, answer bytea,
    sealed bool NOT NULL DEFAULT false
  );
  CREATE INDEX questions_by_dataset ON questions (dataset, researcher);
  CREATE INDEX questions_owed ON questions (place) WHERE NOT sealed;
  CREATE TABLE looks (
    researcher text NOT NULL, dataset text NOT NULL, quarter int8 NOT NULL, page_set bytea NOT NULL,
    PRIMARY KEY (researcher, dataset, quarter, page_set)
  );
  CREATE TABLE page_sets (
    researcher text NOT NULL, dataset text NOT NULL, page_set bytea NOT NULL, patients bytea NOT NULL,
    PRIMARY KEY (researcher, dataset, page_set)
  );
`;
const part = { name: 'salus_questions', number: 2, versions: [tables] };

/**
 * Questions in a database of PostgreSQL that one server writes. `url`: `postgres://...`. Throws as `PostgresSession.open`, and
 * each call as a session's work does. Source: docs/protocol/vitals-servers.md, rule VS-19b.
 */
export async function postgresQuestionStore(url: string): Promise<QuestionStore> {
  const session = await PostgresSession.open(url, part);
  const { ask: alone } = session;
  return {
    known: (query) => known(alone, query),
    earlierSets: (researcher, dataset) => setsBefore(alone, researcher, dataset),
    look({ researcher, dataset, quarter, group }, most) {
      return session.together(async (ask) => {
        const key = [researcher, dataset, quarter] as const;
        const own = 'researcher = $1 AND dataset = $2 AND quarter = $3';
        const before = `SELECT 1 FROM looks WHERE ${own} AND page_set = $4`;
        if ((await ask(before, ...key, group)).length > 0) return true;
        const [counted] = await ask(`SELECT count(*) AS n FROM looks WHERE ${own}`, ...key);
        if (Number(counted?.n) >= most) return false;
        await ask('DELETE FROM looks WHERE quarter < $1', quarter);
        await ask('INSERT INTO looks VALUES ($1, $2, $3, $4)', ...key, group);
        return true;
      });
    },
    begin(question, set, guard) {
      return session.together(async (ask) => {
        const before = await known(ask, question.query);
        if (before !== undefined) return before;
        const { query, researcher, dataset, signed, selection } = question;
        for await (const earlier of setsBefore(ask, researcher, dataset)) guard(earlier);
        const name = sha256(set);
        await ask(
          'INSERT INTO page_sets VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
          ...[researcher, dataset, name, set],
        );
        await ask(
          `INSERT INTO questions (query, researcher, dataset, signed, selection, page_set)
           VALUES ($1, $2, $3, $4, $5, $6)`,
          ...[query, researcher, dataset, signed, selection, name],
        );
        return { ...question, answer: undefined, isSealed: false };
      });
    },
    keep(query, answer) {
      return session.together(async (ask) => {
        const sql = 'UPDATE questions SET answer = $1 WHERE query = $2 AND answer IS NULL';
        await ask(sql, answer, query);
        const stays = (await known(ask, query))?.answer;
        if (stays === undefined) throw new CodedError('INTERNAL', { query });
        return stays;
      });
    },
    async sealed(query) {
      await alone('UPDATE questions SET sealed = true WHERE query = $1', query);
    },
    async unsealed() {
      const owed = 'SELECT * FROM questions WHERE NOT sealed AND answer IS NOT NULL ORDER BY place';
      return (await alone(owed)).map(questionOf);
    },
    async signedOn(dataset, { researcher, skip, most }) {
      const sql = `SELECT signed FROM questions
        WHERE dataset = $1 AND ($2::text IS NULL OR researcher = $2) ORDER BY place LIMIT $3 OFFSET $4`;
      const rows = await alone(sql, dataset, researcher ?? null, most, skip);
      return rows.map((row) => bytesIn(row, 'signed'));
    },
    close: () => session.close(),
  };
}

async function known(ask: Ask, query: string): Promise<KeptQuestion | undefined> {
  const [row] = await ask('SELECT * FROM questions WHERE query = $1', query);
  return row && questionOf(row);
}

async function* setsBefore(ask: Ask, researcher: string, dataset: string): AsyncIterable<PageSet> {
  const own = 'FROM page_sets WHERE researcher = $1 AND dataset = $2';
  for (const row of await ask(`SELECT page_set ${own}`, researcher, dataset)) {
    const name = bytesIn(row, 'page_set');
    const sql = `SELECT patients ${own} AND page_set = $3`;
    const [found] = await ask(sql, researcher, dataset, name);
    yield bytesIn(found, 'patients');
  }
}

const questionOf = (row: Row): KeptQuestion => ({
  ...{ query: textIn(row, 'query'), researcher: textIn(row, 'researcher') },
  ...{ dataset: textIn(row, 'dataset'), signed: bytesIn(row, 'signed') },
  selection: bytesIn(row, 'selection'),
  answer: row.answer === null ? undefined : bytesIn(row, 'answer'),
  isSealed: row.sealed === true,
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { PageArithmetic } from '../crypto/page-arithmetic.ts';
import type { PageStore } from '../node/page-store.ts';
import type { QuestionStore } from '../node/question-store.ts';
import { sqliteQuestionStore } from '../node/question-store-sqlite.ts';
import { SqlitePageStore } from '../node/sqlite-page-store.ts';

/** What a data server keeps, wherever that is. */
export interface DataServerStores {
  readonly store: PageStore;
  readonly questions: QuestionStore;
  close(): Promise<void>;
}

/**
 * In files of this folder, or in the database of PostgreSQL that is named, which belongs to the first account that came.
 * Throws HOME_INVALID: it is another's {part}, or this one has pages in its files {file}; and as the stores do when they are opened.
 */
export async function openStores(of: {
  readonly account: AccountId;
  readonly folder: string;
  readonly database: string | undefined;
  readonly arithmetic: PageArithmetic;
}): Promise<DataServerStores> {
  const { account, folder, database, arithmetic } = of;
  if (database !== undefined) {
    // It would have lost what it took in and answered.
    if (existsSync(join(folder, 'pages.db')))
      throw new CodedError('HOME_INVALID', { file: 'data-server/pages.db' });
    return openPostgres(account, database);
  }
  const store = new SqlitePageStore(join(folder, 'pages.db'), arithmetic);
  return together(store, sqliteQuestionStore(join(folder, 'questions.db')));
}

async function openPostgres(account: AccountId, url: string): Promise<DataServerStores> {
  // A server that keeps its files does without them.
  const { PostgresPageStore } = await import('../node/postgres-page-store.ts');
  const { postgresQuestionStore } = await import('../node/postgres-question-store.ts');
  const store = await PostgresPageStore.open(url);
  try {
    const own = utf8(account);
    if (!equalBytes(await store.keepOnce('account', own), own))
      throw new CodedError('HOME_INVALID', { part: 'database' });
    return together(store, await postgresQuestionStore(url));
  } catch (error) {
    await store.close();
    throw error;
  }
}

const together = (store: PageStore, questions: QuestionStore): DataServerStores => ({
  ...{ store, questions },
  async close() {
    await store.close();
    await questions.close();
  },
});

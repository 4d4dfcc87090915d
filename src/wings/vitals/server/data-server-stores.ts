import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { PageArithmetic } from '../crypto/pages/page-arithmetic.ts';
import type { IncidentStore } from '../node/stores/incident-store.ts';
import type { PageStore } from '../node/stores/page-store.ts';
import type { QuestionStore } from '../node/stores/question-store.ts';
import type { RowMacs } from '../node/stores/row-macs.ts';
import { sqliteIncidentStore } from '../node/stores/sqlite/sqlite-incident-store.ts';
import { SqlitePageStore } from '../node/stores/sqlite/sqlite-page-store.ts';
import { sqliteQuestionStore } from '../node/stores/sqlite/sqlite-question-store.ts';
import { fileLook } from './file-looks.ts';

/** What a data server keeps, wherever that is. */
export interface DataServerStores {
  readonly store: PageStore;
  readonly questions: QuestionStore;
  readonly incidents: IncidentStore;
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
  readonly macs: RowMacs;
}): Promise<DataServerStores> {
  const { account, folder, database, arithmetic, macs } = of;
  // In a file in any case: it is not lost with what it is about.
  const incidents = sqliteIncidentStore(join(folder, 'incidents.db'), macs);
  if (database !== undefined) {
    // It would have lost what it took in and answered.
    if (existsSync(join(folder, 'pages.db')))
      throw new CodedError('HOME_INVALID', { file: 'data-server/pages.db' });
    return openPostgres({ account, url: database, incidents, macs });
  }
  const path = join(folder, 'pages.db');
  const store = new SqlitePageStore(path, arithmetic, macs, fileLook());
  return together(store, sqliteQuestionStore(join(folder, 'questions.db'), macs), incidents);
}

async function openPostgres(of: {
  readonly account: AccountId;
  readonly url: string;
  readonly incidents: IncidentStore;
  readonly macs: RowMacs;
}): Promise<DataServerStores> {
  const { account, url, incidents, macs } = of;
  // A server that keeps its files does without them.
  const { PostgresPageStore } = await import('../node/stores/postgres/postgres-page-store.ts');
  const { postgresQuestionStore } = await import(
    '../node/stores/postgres/postgres-question-store.ts'
  );
  const store = await PostgresPageStore.open(url, macs);
  try {
    const own = utf8(account);
    if (!equalBytes(await store.keepOnce('account', own), own))
      throw new CodedError('HOME_INVALID', { part: 'database' });
    return together(store, await postgresQuestionStore(url, macs), incidents);
  } catch (error) {
    await store.close();
    throw error;
  }
}

const together = (
  store: PageStore,
  questions: QuestionStore,
  incidents: IncidentStore,
): DataServerStores => ({
  ...{ store, questions, incidents },
  async close() {
    await incidents.close();
    await store.close();
    await questions.close();
  },
});

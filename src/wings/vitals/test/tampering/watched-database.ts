import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { readReport, type WriteAttempt } from '../../api/incident-report.ts';
import { PostgresPageStore } from '../../node/stores/postgres/postgres-page-store.ts';
import { postgresQuestionStore } from '../../node/stores/postgres/postgres-question-store.ts';
import { RowMacs } from '../../node/stores/row-macs.ts';
import type { PostgresServer } from '../settings/postgres-server.ts';
import type { ThreeServers } from '../settings/three-servers.ts';
import { tamperedDatabase } from './tampered-database.ts';
import { furnished, type OpenTampered } from './tampered-stores.ts';

const macs = new RowMacs(new Uint8Array(32));

/** Three servers whose first one keeps everything in a database of this server of PostgreSQL. */
export async function tamperedOne(
  server: PostgresServer,
): Promise<Awaited<ReturnType<OpenTampered>> & { readonly url: string }> {
  const url = await server.newDatabase();
  return {
    url,
    first: () => tamperedDatabase(server.asSuperuser(url)),
    async openStores(place) {
      if (place !== 0) return undefined;
      const store = await PostgresPageStore.open(url, macs);
      return { store, questions: await postgresQuestionStore(url, macs) };
    },
  };
}

/** Of whom the first of three servers reports that they wrote to its database. */
export interface Watched {
  readonly three: ThreeServers;
  readonly url: string;
  /** Who are told of in reports that came since this was asked last. */
  attempts(): Promise<readonly WriteAttempt[]>;
}

export async function watchedOne(t: TestContext, server: PostgresServer): Promise<Watched> {
  const { url, ...one } = await tamperedOne(server);
  const { three } = await furnished(t, async () => one);
  await three.server(0).tampering.turn();
  let seen = 0;
  const attempts = async () => {
    const { tampering, base } = three.server(0);
    await tampering.turn();
    const reports = (await base.incidents.incidents()).slice(seen);
    seen += reports.length;
    return reports.flatMap(({ signed }) =>
      readReport(signed).attempts.filter(({ way }) => way === 'database'),
    );
  };
  assert.deepEqual(await attempts(), []);
  return { three, url, attempts };
}

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Code } from '../../../../codes/index.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { utf8 } from '../../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { accountIdOf } from '../../../../primitives/ids.ts';
import { readReport } from '../../api/incident-report.ts';
import { pageArithmetic } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { describePageStore } from '../../node/stores/page-store.contract.ts';
import { PostgresPageStore } from '../../node/stores/postgres/postgres-page-store.ts';
import { postgresQuestionStore } from '../../node/stores/postgres/postgres-question-store.ts';
import { PostgresSession } from '../../node/stores/postgres/postgres-session.ts';
import { questionStoreContract } from '../../node/stores/question-store.contract.ts';
import { RowMacs } from '../../node/stores/row-macs.ts';
import { openStores } from '../../server/data-server-stores.ts';
import { pagesAreAnchored } from '../settings/anchored-pages.ts';
import { answersAreMeasured } from '../settings/asked-servers.ts';
import { endAlike } from '../settings/killed-servers.ts';
import { PostgresServer } from '../settings/postgres-server.ts';
import type { OpenStores } from '../settings/three-servers.ts';

const testMacs = new RowMacs(new Uint8Array(32));

/** Where `npm run test:services` found the programs of PostgreSQL. */
const programs = process.env.SALUS_SERVICE ?? assert.fail('run it by npm run test:services');
const server = await PostgresServer.start(programs);
after(() => server.close());

describePageStore('the page store in PostgreSQL', async (t) => {
  const url = await server.newDatabase();
  let store = await PostgresPageStore.open(url, testMacs);
  t.after(() => store.close());
  const again = async () => {
    await store.close();
    store = await PostgresPageStore.open(url, testMacs);
    return store;
  };
  return { store, again };
});

questionStoreContract('PostgreSQL', async () => {
  const url = await server.newDatabase();
  return () => postgresQuestionStore(url, testMacs);
});

const saying = (code: Code) => (error: unknown) =>
  isCoded(error, code) && !inspect(error, { depth: 9, showHidden: true }).includes(server.password);
async function opened(t: TestContext, url: string): Promise<PostgresPageStore> {
  const store = await PostgresPageStore.open(url, testMacs);
  t.after(() => store.close());
  return store;
}

test('one server writes a database, and its pages and questions are in the same', async (t) => {
  const url = await server.newDatabase();
  const store = await opened(t, url);
  await assert.rejects(PostgresPageStore.open(url, testMacs), saying('DATABASE_IN_USE'));
  const questions = await postgresQuestionStore(url, testMacs);
  await assert.rejects(postgresQuestionStore(url, testMacs), saying('DATABASE_IN_USE'));
  await questions.close();
  await store.close();
  await opened(t, url);
});

test('what was confirmed is there after the database was ended at once, and the store finds it again', async (t) => {
  const url = await server.newDatabase();
  const store = await opened(t, url);
  const value = new Uint8Array([1, 2, 3]);
  await store.keepOnce('before', value);
  await server.stop('SIGQUIT');
  await assert.rejects(store.kept('before'), saying('DATABASE_AWAY'));
  await assert.rejects(PostgresPageStore.open(url, testMacs), saying('DATABASE_AWAY'));
  await server.restart();
  assert.deepEqual(await store.kept('before'), value);
  // It holds its lock again.
  await assert.rejects(PostgresPageStore.open(url, testMacs), saying('DATABASE_IN_USE'));
});

const part = {
  name: 'salus_try',
  number: 9,
  versions: ['CREATE TABLE things (name text);'],
};
async function session(t: TestContext, url: string): Promise<PostgresSession> {
  const made = await PostgresSession.open(url, part);
  t.after(() => made.close());
  return made;
}
const names = async (of: PostgresSession) =>
  (await of.ask('SELECT name FROM things ORDER BY name')).map(({ name }) => name);

test('a session that is ended within a step leaves nothing of it, and what waited behind it is done', async (t) => {
  const url = await server.newDatabase();
  const own = await session(t, url);
  const cut = own.together(async (ask) => {
    await ask(`INSERT INTO things VALUES ('lost')`);
    await server.ask(
      `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'salus salus_try'`,
    );
    await ask(`INSERT INTO things VALUES ('lost too')`);
  });
  const next = own.ask(`INSERT INTO things VALUES ('kept')`);
  await assert.rejects(cut, saying('DATABASE_AWAY'));
  await next;
  assert.deepEqual(await names(own), ['kept']);
});

test('tables that are taken away while a store runs are not made anew, as if nothing had been kept', async (t) => {
  const url = await server.newDatabase();
  const store = await opened(t, url);
  await store.keepOnce('kept', new Uint8Array(1));
  await server.ask('DROP SCHEMA salus_pages CASCADE', url);
  await server.ask(
    `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '${new URL(url).pathname.slice(1)}'`,
  );
  await assert.rejects(store.kept('kept'));
  await assert.rejects(store.kept('kept'), saying('HOME_INVALID'));
});

test('steps of two pieces of work do not mix, and what fails leaves nothing', async (t) => {
  const own = await session(t, await server.newDatabase());
  const put = (name: string) =>
    own.together(async (ask) => {
      assert.deepEqual(await ask('SELECT name FROM things WHERE name <> $1', ''), []);
      await ask('INSERT INTO things VALUES ($1)', name);
      assert.equal((await ask('SELECT name FROM things')).length, 1);
      throw new CodedError('NOT_FOUND');
    });
  for (const it of await Promise.allSettled([put('a'), put('b'), put('c')]))
    assert.ok(it.status === 'rejected' && isCoded(it.reason, 'NOT_FOUND'));
  assert.deepEqual(await names(own), []);
});

test('tables of another version, older or newer, are not opened, and stay as they are', async () => {
  const url = await server.newDatabase();
  await (await PostgresPageStore.open(url, testMacs)).close();
  await (await postgresQuestionStore(url, testMacs)).close();
  for (const version of [1, 2, 4]) {
    await server.ask(`UPDATE salus_pages.about SET version = ${version}`, url);
    await assert.rejects(PostgresPageStore.open(url, testMacs), saying('HOME_INVALID'));
    const found = await server.ask('SELECT version FROM salus_pages.about', url);
    assert.deepEqual(found, [{ version }]);
  }
  await server.ask('UPDATE salus_questions.about SET version = 1', url);
  await assert.rejects(postgresQuestionStore(url, testMacs), saying('HOME_INVALID'));
});

test('a database that does not keep what it confirms, or a wrong password, is refused', async (t) => {
  const url = await server.newDatabase();
  const wrong = url.replace(server.password, 'another');
  await assert.rejects(PostgresPageStore.open(wrong, testMacs), saying('DATABASE_AWAY'));
  t.after(() => server.restart());
  await server.ask('ALTER SYSTEM SET fsync = off');
  await server.restart();
  await assert.rejects(PostgresPageStore.open(url, testMacs), saying('DATABASE_UNSAFE'));
  await server.ask('ALTER SYSTEM RESET fsync');
});

test('a database that commits without waiting for the disk is overruled; one that waits for another too is not', async () => {
  const url = await server.newDatabase();
  const name = new URL(url).pathname.slice(1);
  const asked = async () => {
    const own = await PostgresSession.open(url, part);
    const [row] = await own.ask(`SELECT current_setting('synchronous_commit') AS commits`);
    await own.close();
    return row?.commits;
  };
  await server.ask(`ALTER DATABASE ${name} SET synchronous_commit = off`);
  assert.equal(await asked(), 'on');
  await server.ask(`ALTER DATABASE ${name} SET synchronous_commit = remote_apply`);
  assert.equal(await asked(), 'remote_apply');
});

test('three processes, two of which keep everything here, anchor a sensor’s pages; no log has the password', async (t) => {
  const databases: string[] = [];
  const homes: string[] = [];
  await pagesAreAnchored(t, {
    async settingsOf(name, folder) {
      if (name === 'valley') return {};
      const url = new URL(await server.newDatabase());
      databases.push(url.href);
      url.password = '';
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'database.password'), `${server.password}\n`, { mode: 0o600 });
      return { database: url.href };
    },
    async meanwhile(home) {
      homes.push(home);
      const holding = filesBelow(home).filter((it) => readFileSync(it).includes(server.password));
      assert.deepEqual(
        holding.map((it) => relative(home, it)).sort(),
        ['harbour', 'north'].map((it) => `servers/${it}/data-server/database.password`),
      );
      assert.ok(!existsSync(join(home, 'servers', 'north', 'data-server', 'pages.db')));
    },
  });
  for (const url of databases) {
    const sealed = 'SELECT count(*)::int4 AS n FROM salus_pages.pages WHERE batch = 1';
    // The ledger has the batch: each server seals it in its next turn.
    while ((await server.ask(sealed, url))[0]?.n !== 2) await setTimeout(50);
  }
  // Somebody else writes to the first one: its hospital has the report, with who and from where.
  await server.ask('UPDATE salus_pages.patients SET counter = counter', databases[0]);
  const reports = join(homes[0] ?? assert.fail(), 'servers', 'north', 'incidents');
  while (!existsSync(reports) || readdirSync(reports).every((it) => !it.endsWith('.report')))
    await setTimeout(50);
  const [name = ''] = readdirSync(reports).filter((it) => it.endsWith('.report'));
  const report = readReport(new Uint8Array(readFileSync(join(reports, name))));
  const attempt = report.attempts.find(({ way }) => way === 'database');
  const user = new URL(databases[0] ?? '').username;
  assert.deepEqual([report.kind, attempt?.from], ['write-attempt', '127.0.0.1']);
  assert.ok(attempt?.who.startsWith(`user ${user}, `), attempt?.who);
});

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) => join(it.parentPath, it.name));

test('a database belongs to the data server that came first, and to none that has pages in its files', async (t) => {
  const arithmetic = await pageArithmetic();
  const folder = mkdtempSync(join(tmpdir(), 'salus-stores-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const database = await server.newDatabase();
  const of = { folder, database, arithmetic, macs: testMacs };
  const [one, other] = ['one', 'other'].map((it) => accountIdOf(sha256(utf8(it))));
  assert.ok(one !== undefined && other !== undefined);
  await (await openStores({ ...of, account: one })).close();
  await assert.rejects(openStores({ ...of, account: other }), saying('HOME_INVALID'));
  await (await openStores({ ...of, account: one })).close();
  await (await openStores({ ...of, account: one, database: undefined })).close();
  await assert.rejects(openStores({ ...of, account: one }), saying('HOME_INVALID'));
});

test('three servers, each with its database, answer what the device measured, and after a restart the same bytes', async (t) => {
  await answersAreMeasured(t, await threeDatabases());
});

async function threeDatabases(): Promise<OpenStores> {
  const urls = await Promise.all([0, 1, 2].map(() => server.newDatabase()));
  return async (place) => {
    const url = urls[place] ?? assert.fail();
    const store = await PostgresPageStore.open(url, testMacs);
    return { store, questions: await postgresQuestionStore(url, testMacs) };
  };
}

test('killed at one step after the other, they end with the same batches', async () => {
  for (const at of [2, 5, 8, 11]) {
    const kills = ([0, 1, 2] as const).map((place) => ({ place, at: at + place }));
    await endAlike(kills, await threeDatabases());
  }
});

test('another machine is reached by TLS, its name checked', async (t) => {
  const plain = new URL(await server.newDatabase());
  const ca = await server.speakTls();
  const at = (host: string, of: string) => `${plain.href.replace('127.0.0.1', host)}?${of}`;
  const strict = `sslmode=verify-full&sslrootcert=${encodeURIComponent(ca)}`;
  const own = await session(t, at('localhost', strict));
  const [row] = await own.ask('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
  assert.equal(row?.ssl, true);
  for (const wrong of [at('127.0.0.1', strict), at('localhost', 'sslmode=verify-full')])
    await assert.rejects(
      PostgresSession.open(wrong, { ...part, number: 10 }),
      saying('DATABASE_AWAY'),
    );
});

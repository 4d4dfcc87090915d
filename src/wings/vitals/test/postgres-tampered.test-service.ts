import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { Client } from 'pg';
import { decodeAs } from '../../../primitives/shape.ts';
import { type IncidentNotice, incidentNotice } from '../api/incident-notice.ts';
import { readReport, type WriteAttempt } from '../api/incident-report.ts';
import { signedStatement, statement } from '../api/statement.ts';
import { PostgresPageStore } from '../node/postgres-page-store.ts';
import { postgresQuestionStore } from '../node/postgres-question-store.ts';
import { RowMacs } from '../node/row-macs.ts';
import { Scrub } from '../node/scrubbing.ts';
import { type HandNotice, tellPeople } from '../node/telling.ts';
import { valuesOf } from './pages.ts';
import { PostgresServer } from './postgres-server.ts';
import { tamperedDatabase } from './tampered-database.ts';
import {
  changesAreFound,
  changesAreMended,
  furnished,
  lossesAreMended,
  type OpenTampered,
} from './tampered-stores.ts';
import type { OpenStores, ThreeServers } from './three-servers.ts';

/** Where `npm run test:services` found the programs of PostgreSQL. */
const programs = process.env.SALUS_SERVICE ?? assert.fail('run it by npm run test:services');
const server = await PostgresServer.start(programs);
after(() => server.close());

const macs = new RowMacs(new Uint8Array(32));

/** The first of the three keeps everything in PostgreSQL. */
function inPostgres(url: string): OpenStores {
  return async (place) => {
    if (place !== 0) return undefined;
    const store = await PostgresPageStore.open(url, macs);
    return { store, questions: await postgresQuestionStore(url, macs) };
  };
}
const open: OpenTampered = async () => {
  const url = await server.newDatabase();
  const first = () => tamperedDatabase(server.asSuperuser(url));
  return { first, openStores: inPostgres(url) };
};

const { tables } = tamperedDatabase('');
changesAreFound('PostgreSQL', tables, open);
changesAreMended('PostgreSQL', tables, open);
// What is missing here nothing misses (VT-5): a quota begins anew, what was said is said again, VS-35.
const unmissed = ['sayings', 'arrivals', 'page_envelopes'];
lossesAreMended(
  'PostgreSQL',
  tables.filter((it) => !unmissed.includes(it)),
  open,
);

interface Watched {
  readonly three: ThreeServers;
  readonly url: string;
  /** Who are told of in reports that came since this was asked last. */
  attempts(): Promise<readonly WriteAttempt[]>;
}

async function watched(t: TestContext): Promise<Watched> {
  const url = await server.newDatabase();
  const openOne: OpenTampered = async () => ({
    first: () => tamperedDatabase(server.asSuperuser(url)),
    openStores: inPostgres(url),
  });
  const { three } = await furnished(t, openOne);
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

const changesNothing = 'UPDATE salus_pages.patients SET counter = counter';
const writers = (attempts: readonly WriteAttempt[]) =>
  attempts.filter(({ what }) => !what.startsWith('has a session open'));

test('a write of another session that changes nothing is an incident: who, from where, when, with what, once', async (t) => {
  const { three, url, attempts } = await watched(t);
  const before = Date.now();
  await server.ask(
    `SET application_name = 'by hand\r\nX: y'; ${changesNothing}; ${changesNothing}`,
    url,
  );
  const [found, ...more] = writers(await attempts());
  assert.deepEqual(more, []);
  const user = new URL(url).username;
  assert.match(
    found?.who ?? '',
    new RegExp(`^user ${user}, program by hand\\?\\?X: y, process [0-9]+$`),
  );
  assert.deepEqual([found?.from, found?.what], ['127.0.0.1', 'UPDATE salus_pages.patients']);
  assert.ok((found?.atMs ?? 0) >= before && (found?.atMs ?? 0) <= Date.now());
  // Nobody is mailed for it, nothing is quarantined, and it is told once.
  assert.deepEqual(await three.server(0).base.incidents.toTell(9), []);
  assert.deepEqual(three.server(0).tampering.quarantines(), []);
  assert.deepEqual(await attempts(), []);
});

test('another user who may write is named by his own name, and a session that is open is named as that', async (t) => {
  const { url, attempts } = await watched(t);
  const name = new URL(url).pathname.slice(1);
  await server.ask(`CREATE ROLE guest_of_${name} LOGIN PASSWORD '${server.password}'`);
  await server.ask(`GRANT CONNECT ON DATABASE ${name} TO guest_of_${name}`);
  await server.ask(
    `GRANT USAGE ON SCHEMA salus_questions TO guest_of_${name};
     GRANT SELECT, UPDATE ON salus_questions.looks TO guest_of_${name}`,
    url,
  );
  const guest = new Client({ connectionString: url.replace(`//${name}:`, `//guest_of_${name}:`) });
  await guest.connect();
  t.after(() => guest.end());
  await guest.query('UPDATE salus_questions.looks SET quarter = quarter');
  await assert.rejects(guest.query('DELETE FROM salus_questions.writes'), { code: '42501' });
  const found = await attempts();
  assert.match(writers(found)[0]?.who ?? '', new RegExp(`^user guest_of_${name}, `));
  const opened = found.filter(({ what }) => what.startsWith('has a session open'));
  assert.ok(
    opened.some(({ who, from }) => who.startsWith(`user guest_of_${name},`) && from === ''),
  );
});

test('what is changed is told to patients with the address that it came from', async (t) => {
  const { three, url } = await watched(t);
  await server.ask('UPDATE salus_pages.shares SET salt = sha256(salt)', url);
  const { tampering, base } = three.server(0);
  await tampering.turn();
  const told: IncidentNotice[] = [];
  const hand: HandNotice = async (_, bytes) => {
    const { payload } = decodeAs(statement, decodeAs(signedStatement, bytes).statement);
    told.push(decodeAs(incidentNotice, payload));
  };
  assert.equal(await tellPeople(base, { name: 'north', hand }), 1);
  assert.deepEqual(
    told.map(({ source, people }) => [source, people]),
    [['127.0.0.1', [three.ana.account]]],
  );
});

for (const [name, sql] of [
  ['the triggers off for a moment', 'DISABLE TRIGGER USER'],
  ['a table written anew', 'ALTER COLUMN counter TYPE int8 USING counter + 1'],
] as const)
  test(`${name}: seen, and MACs find what was written; the watch is whole again`, async (t) => {
    const { three, url, attempts } = await watched(t);
    await server.ask(
      `ALTER TABLE salus_pages.patients ${sql};
       UPDATE salus_pages.patients SET counter = counter WHERE FALSE;
       ALTER TABLE salus_pages.patients ENABLE ALWAYS TRIGGER watch_patients`,
      url,
    );
    const found = writers(await attempts());
    assert.ok(found.some(({ what }) => what.includes('made anew or taken away')));
    assert.equal(
      three.server(0).tampering.quarantines().length,
      name.startsWith('a table') ? 1 : 0,
    );
    assert.deepEqual(writers(await attempts()), []);
    await server.ask(changesNothing, url);
    assert.equal(writers(await attempts())[0]?.what, 'UPDATE salus_pages.patients');
  });

for (const [name, sql] of [
  [
    'what notes writes is dropped',
    'DROP TABLE salus_pages.writes; DROP FUNCTION salus_pages.note_write() CASCADE',
  ],
  [
    'another session calls itself the server’s own',
    `SELECT set_config('salus.session', 'mine', false);
     UPDATE salus_pages.own_session SET hash = sha256('mine')`,
  ],
  ['the triggers are gone', 'DROP TRIGGER watch_patients ON salus_pages.patients'],
] as const)
  test(`${name}: it is an incident, the server goes on, and the watch is whole again`, async (t) => {
    const { three, url, attempts } = await watched(t);
    await server.ask(`${sql}; ${changesNothing}`, url);
    assert.ok((await attempts()).some(({ what }) => what.includes('made anew or taken away')));
    assert.deepEqual(writers(await attempts()), []);
    await three.store(0).keepOnce('goes on', new Uint8Array(1));
    assert.deepEqual(writers(await attempts()), []);
    await server.ask(changesNothing, url);
    assert.equal(writers(await attempts())[0]?.what, 'UPDATE salus_pages.patients');
  });

test('a watch that cannot be made anew is reported once, and what is changed is found by MACs all the same', async (t) => {
  const { three, url, attempts } = await watched(t);
  const user = new URL(url).username;
  await server.ask(
    `ALTER SCHEMA salus_pages OWNER TO salus; GRANT USAGE ON SCHEMA salus_pages TO ${user};
     DROP TRIGGER watch_patients ON salus_pages.patients`,
    server.asSuperuser(url),
  );
  const changed = async () =>
    (await attempts()).some(({ what }) => what.includes('made anew or taken away'));
  assert.deepEqual([await changed(), await changed(), await changed()], [true, false, false]);
  await server.ask('UPDATE salus_pages.patients SET counter = counter + 1', url);
  assert.equal((await three.server(0).tampering.fullScrub()).bad[0]?.table, 'patients');
});

test('what is written while the server is away, with the watch or without, is found when it is there again', async (t) => {
  const { three, url, attempts } = await watched(t);
  await three.kill(0);
  assert.deepEqual(await attempts(), []);
  const [own] = await server.ask('SELECT hash FROM salus_pages.own_session', url);
  await (three.store(0) as PostgresPageStore).close();
  await server.ask(changesNothing, url);
  await three.kill(0);
  assert.equal(writers(await attempts())[0]?.what, 'UPDATE salus_pages.patients');
  await three.store(0).close();
  await server.ask(
    `SELECT set_config('salus.session', 'mine', false); CREATE TEMP TABLE before AS SELECT * FROM salus_pages.own_session;
     UPDATE salus_pages.own_session SET hash = sha256('mine'); ${changesNothing};
     UPDATE salus_pages.own_session SET hash = (SELECT hash FROM before)`,
    url,
  );
  await three.kill(0);
  assert.ok(own !== undefined);
  assert.ok(writers(await attempts()).some(({ what }) => what.includes('made anew or taken away')));
});

const all = { skip: 0, most: 9 };
const question = '01'.repeat(32);
async function everyOf(items: AsyncIterable<unknown>): Promise<void> {
  for await (const it of items) assert.ok(it);
}
const daysOf = (three: ThreeServers, counters: boolean) => {
  const hours = { from: 0, until: 24 * 1_000_000 };
  return everyOf(
    three.store(0).days({ trio: three.trio, panel: 1, asOfBatch: 1, hours }, { counters }),
  );
};
const hours = { from: 0, until: 2 ** 40 };
const shownOf = (three: ThreeServers) => three.store(0).pagesOf(three.pseudonym, 1, hours);
const askedOf = (three: ThreeServers) => three.server(0).base.questions;
const pageThat = async (three: ThreeServers) => {
  const of = { trio: three.trio, panel: 1, asOfBatch: 1, hours };
  return (await three.store(0).select(of)).map(({ page }) => page);
};
const waitingOf = async (three: ThreeServers) =>
  (await three.store(0).waiting(three.trio, 9)).map((it) => ({ ...it, code: 'PROOF_REJECTED' }));

// What is read, or written over, before any turn or scrub.
for (const [name, sql, work] of [
  [
    'a registration',
    'patients SET counter = counter + 1',
    (it) => it.store(0).registration(it.pseudonym),
  ],
  [
    'registrations',
    'patients SET signed = sha256(signed)',
    (it) => it.store(0).registrationsSince(0),
  ],
  [
    'a registration that a newer one follows',
    'patients SET counter = 0',
    async (it) => it.server(0).register(await it.register({ counter: 2 })),
  ],
  [
    'a secret',
    'kept SET value = sha256(value)',
    (it) => it.store(0).keepOnce('mine', new Uint8Array(1)),
  ],
  ['sums of a day', 'day_sums SET roll_1_low = roll_1_low + 1', (it) => daysOf(it, false)],
  ['whose sums they are', 'day_batches SET batch = 0', (it) => daysOf(it, false)],
  [
    'counters of a day',
    'day_counters SET counter_9_high = counter_9_high - 1',
    (it) => daysOf(it, true),
  ],
  [
    'a share that a question adds up',
    'shares SET counter_3_high = counter_3_high + 1',
    async (it) => it.store(0).shares(await pageThat(it)),
  ],
  ['a share that a reader is shown', 'shares SET salt = sha256(salt)', shownOf],
  ['a page that a reader is shown', 'pages SET n = n + 1', shownOf],
  ['an answer', 'questions SET answer = sha256(answer)', (it) => askedOf(it).known(question)],
  [
    'questions of a dataset',
    'questions SET signed = sha256(signed)',
    (it) => askedOf(it).signedOn('bb', all),
  ],
  ['what is owed', 'questions SET researcher = query', (it) => askedOf(it).unsealed()],
  [
    'an earlier page set',
    'page_sets SET patients = sha256(patients)',
    (it) => everyOf(askedOf(it).earlierSets('aa', 'bb')),
  ],
  [
    'a page that is judged',
    'pages SET hour = hour + 1',
    async (it) => it.store(0).settle(await waitingOf(it)),
  ],
  [
    'a body that is done with',
    'bodies SET body = sha256(body)',
    async (it) => it.store(0).settle(await waitingOf(it)),
  ],
  [
    'a count',
    'guard_counts SET rows = rows + 1',
    (it) => it.store(0).keepOnce('new', new Uint8Array(1)),
  ],
] as const satisfies readonly (readonly [
  string,
  string,
  (three: ThreeServers) => Promise<unknown>,
])[])
  test(`${name}, changed: refused when it is read or written over, before any scrub`, async (t) => {
    const { three, url } = await watched(t);
    await three.store(0).keepOnce('mine', new Uint8Array(1));
    const schema = /^(questions|page_sets) /.test(sql) ? 'salus_questions' : 'salus_pages';
    await server.ask(`UPDATE ${schema}.${sql}`, url);
    await assert.rejects(work(three), { code: 'ROW_TAMPERED' });
  });

test('a share that is another one only while its batch is sealed makes sums that are found, and are mended', async (t) => {
  const { three, url } = await watched(t);
  await three.uploadTogether(await three.signTogether([valuesOf(1, 8, 6)], 20));
  await three.judge();
  await server.ask(
    `UPDATE salus_pages.shares SET roll_1_low = roll_1_low + 1
     WHERE id = (SELECT id FROM salus_pages.pages WHERE state = 'accepted' AND batch = 0)`,
    url,
  );
  for (const place of [0, 1, 2] as const) await three.server(place).seal();
  assert.equal(await three.store(0).newestBatch(three.trio), 2);
  await server.ask(
    `UPDATE salus_pages.shares SET roll_1_low = roll_1_low - 1
     WHERE id = (SELECT id FROM salus_pages.pages WHERE batch = 2)`,
    url,
  );
  const { tampering, rebuilding } = three.server(0);
  const { bad } = await tampering.fullScrub();
  assert.deepEqual(
    bad.map(({ table, bound, batch }) => [table, bound, batch]),
    [['day_batches', 'recount', 2]],
  );
  await rebuilding.rebuild(three.recovery[0] ?? assert.fail());
  assert.deepEqual((await tampering.fullScrub()).bad, []);
});

test('a database put back to an earlier instant, or whose counts are others, is found', async (t) => {
  const { three, url } = await watched(t);
  const rows = await server.ask('SELECT * FROM salus_pages.guard_counts', url);
  assert.ok(rows.length > 4);
  await three.store(0).keepOnce('later', new Uint8Array(1));
  // With its old row of the counts, and the row that it counted.
  await server.ask(`DELETE FROM salus_pages.kept WHERE name = 'later'`, url);
  const { bad } = await new Scrub(three.server(0).base).round(64);
  assert.deepEqual(
    bad.map(({ table, bound }) => [table, bound]),
    [['kept', 'row count']],
  );
});

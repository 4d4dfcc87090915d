import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Scrub } from '../../node/incidents/scrubbing.ts';
import { valuesOf } from '../settings/pages.ts';
import { PostgresServer } from '../settings/postgres-server.ts';
import type { ThreeServers } from '../settings/three-servers.ts';
import { tamperedDatabase } from './tampered-database.ts';
import {
  changesAreFound,
  changesAreMended,
  lossesAreMended,
  type OpenTampered,
} from './tampered-stores.ts';
import { tamperedOne, watchedOne } from './watched-database.ts';

/** Where `npm run test:services` found the programs of PostgreSQL. */
const programs = process.env.SALUS_SERVICE ?? assert.fail('run it by npm run test:services');
const server = await PostgresServer.start(programs);
after(() => server.close());

const open: OpenTampered = () => tamperedOne(server);
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
    const { three, url } = await watchedOne(t, server);
    await three.store(0).keepOnce('mine', new Uint8Array(1));
    const schema = /^(questions|page_sets) /.test(sql) ? 'salus_questions' : 'salus_pages';
    await server.ask(`UPDATE ${schema}.${sql}`, url);
    await assert.rejects(work(three), { code: 'ROW_TAMPERED' });
  });

test('a share that is another one only while its batch is sealed makes sums that are found, and are mended', async (t) => {
  const { three, url } = await watchedOne(t, server);
  await three.uploadTogether(await three.signTogether([valuesOf(1, 8, 6)], 40));
  await three.judge();
  await server.ask(
    `UPDATE salus_pages.shares SET roll_1_low = roll_1_low + 1
     WHERE id = (SELECT max(id) FROM salus_pages.pages WHERE state = 'accepted' AND batch = 0)`,
    url,
  );
  for (const place of [0, 1, 2] as const) await three.server(place).seal();
  assert.equal(await three.store(0).newestBatch(three.trio), 2);
  await server.ask(
    `UPDATE salus_pages.shares SET roll_1_low = roll_1_low - 1
     WHERE id = (SELECT max(id) FROM salus_pages.pages WHERE batch = 2)`,
    url,
  );
  const { tampering, rebuilding } = three.server(0);
  // By a deep round: the share holds again, and its MAC with it.
  const { bad } = await tampering.fullScrub('read');
  assert.deepEqual(
    bad.map(({ table, bound, batch }) => [table, bound, batch]),
    [['day_batches', 'recount', 2]],
  );
  await rebuilding.rebuild(three.recovery[0] ?? assert.fail());
  assert.deepEqual((await tampering.fullScrub()).bad, []);
});

test('a database put back to an earlier instant, or whose counts are others, is found', async (t) => {
  const { three, url } = await watchedOne(t, server);
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

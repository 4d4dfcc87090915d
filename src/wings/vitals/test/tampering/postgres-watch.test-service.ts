import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Client } from 'pg';
import { CodedError } from '../../../../primitives/errors.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import { type IncidentNotice, incidentNotice } from '../../api/incident-notice.ts';
import type { WriteAttempt } from '../../api/incident-report.ts';
import { signedStatement, statement } from '../../api/statement.ts';
import { type HandNotice, tellPeople } from '../../node/incidents/telling.ts';
import type { Ask } from '../../node/stores/postgres/postgres-session.ts';
import { PostgresWatch } from '../../node/stores/postgres/postgres-watch.ts';
import { RowMacs } from '../../node/stores/row-macs.ts';
import { PostgresServer } from '../settings/postgres-server.ts';
import { watchedOne } from './watched-database.ts';

/** Where `npm run test:services` found the programs of PostgreSQL. */
const programs = process.env.SALUS_SERVICE ?? assert.fail('run it by npm run test:services');
const server = await PostgresServer.start(programs);
after(() => server.close());

const macs = new RowMacs(new Uint8Array(32));
const changesNothing = 'UPDATE salus_pages.patients SET counter = counter';
const writers = (attempts: readonly WriteAttempt[]) =>
  attempts.filter(({ what }) => !what.startsWith('has a session open'));

test('a write of another session that changes nothing is an incident: who, from where, when, with what, once', async (t) => {
  const { three, url, attempts } = await watchedOne(t, server);
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
  const { url, attempts } = await watchedOne(t, server);
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
  const { three, url } = await watchedOne(t, server);
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
    const { three, url, attempts } = await watchedOne(t, server);
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
    const { three, url, attempts } = await watchedOne(t, server);
    await server.ask(`${sql}; ${changesNothing}`, url);
    assert.ok((await attempts()).some(({ what }) => what.includes('made anew or taken away')));
    assert.deepEqual(writers(await attempts()), []);
    await three.store(0).keepOnce('goes on', new Uint8Array(1));
    assert.deepEqual(writers(await attempts()), []);
    await server.ask(changesNothing, url);
    assert.equal(writers(await attempts())[0]?.what, 'UPDATE salus_pages.patients');
  });

test('a watch that cannot be made anew is reported once, and what is changed is found by MACs all the same', async (t) => {
  const { three, url, attempts } = await watchedOne(t, server);
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

test('a server that ends at any step of taking its watch up wrote nothing that another session did', async (t) => {
  const { three, url, attempts } = await watchedOne(t, server);
  let isOver = false;
  for (let stopAt = 1; !isOver; stopAt++) {
    await three.store(0).close();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('SET search_path = salus_pages');
    let steps = 0;
    const ask: Ask = async (sql, ...values) => {
      if (++steps === stopAt) throw new CodedError('DATABASE_AWAY');
      return (await client.query(sql, [...values])).rows;
    };
    const watch = new PostgresWatch({ schema: 'salus_pages', tables: [] }, macs);
    isOver = await watch.connected(ask).then(
      () => true,
      () => false,
    );
    await client.end();
    await three.kill(0);
    assert.deepEqual(writers(await attempts()), [], `stopped at ${stopAt}`);
  }
});

test('what is written while the server is away, with the watch or without, is found when it is there again', async (t) => {
  const { three, url, attempts } = await watchedOne(t, server);
  await three.kill(0);
  assert.deepEqual(await attempts(), []);
  const [own] = await server.ask('SELECT hash FROM salus_pages.own_session', url);
  await three.store(0).close();
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

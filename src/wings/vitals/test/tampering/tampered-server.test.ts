import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { readReport } from '../../api/incident-report.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { incidentRowId, statIncidents } from '../../ledger/tables/stat-incidents.ts';
import { quarantineRowId, statQuarantines } from '../../ledger/tables/stat-quarantines.ts';
import { openReport } from '../../node/incidents/incident-signing.ts';
import { Scrub } from '../../node/incidents/scrubbing.ts';
import { pageTables } from '../../node/stores/guarded-tables.ts';
import { rowMacsOf } from '../../node/stores/row-macs.ts';
import { SqliteRowGuard } from '../../node/stores/sqlite/sqlite-row-guard.ts';
import { hour, type Place, type ThreeServers } from '../settings/three-servers.ts';
import { flipped, tampered } from './tampered-file.ts';
import { sealed } from './tampered-stores.ts';

const keptOf = (three: ThreeServers, place: Place) =>
  three.store(place).pagesOf(three.pseudonym, 1, { from: hour, until: hour + 1 });
const rowOf = (three: ThreeServers, place: Place) =>
  three.ledger.row(statQuarantines, quarantineRowId(three.trio, three.server(place).base.account));

for (const place of [0, 1, 2] as const)
  test(`server ${place + 1} of three: a byte of a share is found, reported, quarantined, and rebuilt from its envelopes`, async (t) => {
    const { three, folder } = await sealed(t);
    const before = await keptOf(three, place);
    const server = three.server(place);
    flipped(join(folder, `${place}.db`), { table: 'sealed', column: 'shares', row: 0 });
    const { bad } = await server.tampering.fullScrub();
    assert.deepEqual(
      bad.map(({ table, column }) => `${table}.${column}`),
      ['sealed.shares'],
    );
    // It is not answered from, from that moment on.
    const range = { first: 1, last: 1 };
    const refused = { code: 'SERVER_QUARANTINED' };
    await assert.rejects(server.tampering.requireServed(three.trio, range), refused);
    for (const other of ([0, 1, 2] as const).filter((it) => it !== place))
      await three.server(other).tampering.requireServed(three.trio, range);
    // The ledger has the hash of the report, and the batches.
    assert.equal(await server.tampering.tellLedger(), 1);
    assert.equal(await server.tampering.tellLedger(), 0);
    const [incident] = await server.base.incidents.incidents();
    assert.ok(incident?.isOnLedger);
    const { account, sign } = server.base;
    const said = await openReport(incident.signed, sign.publicKey);
    assert.deepEqual([said.people, said.kind, said.by], [1, 'tampering', account]);
    assert.deepEqual(said.batches, [{ trio: three.trio, firstBatch: 1, lastBatch: 1 }]);
    assert.deepEqual([said.firstHour, said.lastHour], [hour, hour]);
    const row = await three.ledger.row(statIncidents, incidentRowId(account, incident.name));
    assert.equal(row?.kind, 'tampering');
    assert.equal((await rowOf(three, place))?.state, 'quarantined');
    // Also when it begins anew.
    await three.kill(place);
    const again = three.server(place);
    await assert.rejects(again.tampering.requireServed(three.trio, range), refused);
    // And the same is not reported again.
    await again.tampering.fullScrub();
    assert.equal((await again.base.incidents.incidents()).length, 1);
    // Each whom it concerns is named once.
    const told = await again.base.incidents.toTell(9);
    assert.deepEqual(
      told.map((it) => [it.account, it.incident]),
      [[three.ana.account, incident.name]],
    );
    // Rebuilt: the same shares, the same root, and the ledger says so.
    const key = three.recovery[place] ?? assert.fail();
    const [rebuilt] = await again.rebuilding.rebuild(key);
    assert.deepEqual([rebuilt?.pages, rebuilt?.fromEnvelopes, rebuilt?.batches], [3, 1, 1]);
    assert.deepEqual(
      (await keptOf(three, place)).map(({ kept }) => kept),
      before.map(({ kept }) => kept),
    );
    assert.equal((await rowOf(three, place))?.state, 'rebuilt');
    await again.tampering.requireServed(three.trio, range);
    const batch = await three.ledger.row(statBatches, batchRowId(three.trio, 1));
    assert.deepEqual((await three.store(place).sealedBatch(three.trio, 1))?.root, batch?.root);
    assert.deepEqual((await again.tampering.fullScrub()).bad, []);
    const reports = await again.base.incidents.incidents();
    assert.equal(
      Buffer.from(readReport(reports[1]?.signed ?? assert.fail()).follows).toString('hex'),
      incident.name,
    );
  });

test('two servers tampered with at once are rebuilt from each other, and their roots are equal', async (t) => {
  const { three, folder } = await sealed(t);
  for (const place of [0, 1] as const)
    tampered(join(folder, `${place}.db`), (db) =>
      db.exec('UPDATE sealed SET shares = zeroblob(32)'),
    );
  for (const place of [0, 1] as const) await three.server(place).tampering.turn();
  for (const place of [0, 1] as const) {
    assert.equal((await rowOf(three, place))?.state, 'quarantined');
    const key = three.recovery[place] ?? assert.fail();
    const [rebuilt] = await three.server(place).rebuilding.rebuild(key);
    assert.equal(rebuilt?.fromEnvelopes, 3);
    assert.equal((await rowOf(three, place))?.state, 'rebuilt');
  }
});

test('a write that changes nothing is an incident with who has the file, and nobody is mailed', async (t) => {
  const { three, folder } = await sealed(t);
  const { tampering, base } = three.server(0);
  await tampering.turn();
  assert.deepEqual(await base.incidents.incidents(), []);
  tampered(join(folder, '0.db'), () => {});
  await tampering.turn();
  await tampering.turn();
  const kept = await base.incidents.incidents();
  assert.deepEqual(
    kept.map(({ signed }) => readReport(signed).kind),
    ['write-attempt'],
  );
  assert.deepEqual(await base.incidents.toTell(9), []);
  assert.deepEqual(tampering.quarantines(), []);
});

test('an honest server that one other accuses looks at everything and says that it holds', async (t) => {
  const { three } = await sealed(t);
  const { base, rebuilding } = three.server(0);
  const stands = { state: 'accused' as const, by: [base.account], incident: '00'.repeat(32) };
  const row = { ...stands, firstBatch: 1, lastBatch: 1, height: 1, timeMs: 1 };
  three.ledger.put(statQuarantines, quarantineRowId(three.trio, base.account), row);
  assert.equal(await rebuilding.answerAccusations(), 1);
  assert.equal((await rowOf(three, 0))?.state, 'rebuilt');
  assert.equal(await rebuilding.answerAccusations(), 0);
});

test('evidence that was changed is not believed: the server says so, whatever its clock says', async (t) => {
  const { three, folder } = await sealed(t);
  flipped(join(folder, '0.db'), { table: 'sealed', column: 'shares', row: 0 });
  three.now -= 40 * 86_400_000;
  await three.server(0).tampering.fullScrub();
  flipped(join(folder, 'incidents 0.db'), { table: 'incidents', column: 'signed', row: 0 });
  await assert.rejects(three.server(0).base.incidents.incidents(), { code: 'ROW_TAMPERED' });
  await three.kill(0);
  await assert.rejects(three.server(0).tampering.requireServed(three.trio, { first: 1, last: 1 }), {
    code: 'ROW_TAMPERED',
  });
});

test('what a question or a reader is answered from is looked at when it is read, before any scrub', async (t) => {
  const { three, folder } = await sealed(t);
  const store = three.store(0);
  const refused = { code: 'ROW_TAMPERED' };
  flipped(join(folder, '0.db'), { table: 'patients', column: 'signed', row: 0 });
  await assert.rejects(store.registration(three.pseudonym), refused);
  await assert.rejects(store.registrationsSince(0), refused);
  flipped(join(folder, '0.db'), { table: 'days', column: 'rolls', row: 0 });
  const hours = { from: hour - (hour % 24), until: hour - (hour % 24) + 24 };
  const days = async () => {
    const of = { trio: three.trio, panel: 1, asOfBatch: 1, hours };
    for await (const it of store.days(of, { counters: true })) assert.ok(it.batch > 0);
    for await (const it of store.days({ ...of, panel: 3 }, { counters: true }))
      assert.ok(it.batch > 0);
  };
  await assert.rejects(days(), refused);
});

test('single pages that a question adds up are held to what was written when they are read, and so is who measured', async (t) => {
  const { three, folder } = await sealed(t);
  const store = three.store(0);
  const of = { trio: three.trio, panel: 1, asOfBatch: 1, hours: { from: hour, until: hour + 1 } };
  const pages = (await store.select(of)).map(({ page }) => page);
  assert.ok(pages.length > 0);
  const path = join(folder, '0.db');
  const refused = { code: 'ROW_TAMPERED' };
  const undo = flipped(path, { table: 'sealed', column: 'shares', row: 0 });
  await assert.rejects(store.shares(pages), refused);
  await assert.rejects(store.pagesOf(three.pseudonym, 1, of.hours), refused);
  undo();
  assert.equal((await store.shares(pages)).length, pages.length);
  flipped(path, { table: 'sealed', column: 'heads', row: 0 });
  await assert.rejects(store.select(of), refused);
});

test('what somebody with the row key writes is found by the background and by who asks after a write', async (t) => {
  const { three, folder } = await sealed(t);
  const { base } = three.server(0);
  const db = new DatabaseSync(join(folder, '0.db'));
  const macs = rowMacsOf(three.actors[0]?.rootSecret ?? assert.fail());
  const guard = new SqliteRowGuard(db, macs, pageTables);
  const row = db.prepare('SELECT number, shares FROM sealed').get();
  const shares = Uint8Array.from(row?.shares as Uint8Array);
  shares[shares.length - 1] = (shares.at(-1) ?? 0) ^ 1;
  db.exec('BEGIN IMMEDIATE');
  db.prepare('UPDATE sealed SET shares = ?, shares_mac = ? WHERE number = ?').run(
    ...[shares, macs.ofPart(shares), row?.number ?? 0],
  );
  guard.settle();
  db.exec('COMMIT');
  db.close();
  const scrub = new Scrub(base);
  assert.deepEqual((await scrub.round(64, undefined, false)).bad, []);
  const found = (await scrub.round(64)).bad.map(({ table, bound }) => `${table} ${bound}`);
  assert.deepEqual(found, ['sealed kept hash']);
});

test('a store that is not guarded is not looked at, and nothing is said of it', async (t) => {
  const { three } = await sealed(t);
  const { base } = three.server(0);
  const store = new Proxy(base.store, {
    get: (target, name) => {
      const value: unknown = name === 'upkeep' ? undefined : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { bad } = await new Scrub({ ...base, store }).round(64);
  assert.deepEqual(bad, []);
});

import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readReport } from '../api/incident-report.ts';
import { openKernel } from '../crypto/page-arithmetic-wasm.ts';
import { batchRowId, statBatches } from '../ledger/tables/stat-batches.ts';
import { incidentRowId, statIncidents } from '../ledger/tables/stat-incidents.ts';
import { quarantineRowId, statQuarantines } from '../ledger/tables/stat-quarantines.ts';
import { openReport } from '../node/incident-signing.ts';
import { valuesOf } from './pages.ts';
import { flipped } from './tampered-file.ts';
import { hour, type Place, ThreeServers } from './three-servers.ts';

const kernel = await openKernel();

async function sealed(t: TestContext): Promise<{ three: ThreeServers; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-tampered-'));
  const three = await ThreeServers.open(folder, kernel);
  t.after(() => three.close());
  await three.registerEverywhere();
  const values = [valuesOf(1, 64, 1), valuesOf(3, 10, 3), valuesOf(1, 2, 2)];
  await three.uploadTogether(await three.signTogether(values));
  await three.judge();
  assert.equal(await three.server(0).seal(), 1);
  for (const place of [1, 2] as const) await three.server(place).seal();
  return { three, folder };
}

const keptOf = (three: ThreeServers, place: Place) =>
  three.store(place).pagesOf(three.pseudonym, 1, { from: hour, until: hour + 1 });
const rowOf = (three: ThreeServers, place: Place) =>
  three.ledger.row(statQuarantines, quarantineRowId(three.trio, three.server(place).base.account));

for (const place of [0, 1, 2] as const)
  test(`server ${place + 1} of three: a byte of a share is found, reported, quarantined, and rebuilt from its envelopes`, async (t) => {
    const { three, folder } = await sealed(t);
    const before = await keptOf(three, place);
    const server = three.server(place);
    flipped(join(folder, `${place}.db`), { table: 'pages', column: 'roll', row: 0 });
    const { bad } = await server.tampering.fullScrub();
    assert.deepEqual(
      bad.map(({ table, column }) => `${table}.${column}`),
      ['pages.share'],
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

import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { AccountId } from '../../../../primitives/ids.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { quarantineRowId, statQuarantines } from '../../ledger/tables/stat-quarantines.ts';
import { statTrios, trioId } from '../../ledger/tables/stat-trios.ts';
import { Rebuilding } from '../../node/incidents/rebuilding.ts';
import { ThreeServers } from '../settings/three-servers.ts';

/** A hospital that accuses an honest data server again and again: by VL-17 it may, and nothing follows but that all is looked at. */

const kernel = await openKernel();
const hourMs = 3_600_000;

/** An honest server, its rebuilding, and how often all that it keeps was looked at. */
async function accusable(t: TestContext, trios: number) {
  const three = await ThreeServers.open(mkdtempSync(join(tmpdir(), 'salus-accused-')), kernel);
  t.after(() => three.close());
  await three.registerEverywhere();
  const { base, tampering } = three.server(0);
  const others = Array.from({ length: trios - 1 }, (_, n) => {
    const [peer, own, last] = three.actors.map(({ account }) => account) as [
      AccountId,
      AccountId,
      AccountId,
    ];
    const servers = [own, peer, `${n}`.padStart(64, '0') as AccountId, last].slice(0, 3);
    three.ledger.put(statTrios, trioId(servers), { servers, newestBatch: 0 });
    return trioId(servers);
  });
  const all = [three.trio, ...others];
  let looked = 0;
  const honest = tampering.fullScrub.bind(tampering);
  tampering.fullScrub = async (...of) => {
    looked++;
    return honest(...of);
  };
  const rebuilding = new Rebuilding({ ...base, listedTrios: () => all }, tampering);
  const accuse = (trio: string) => {
    const stands = { state: 'accused' as const, by: [base.account], incident: '00'.repeat(32) };
    const row = { ...stands, firstBatch: 0, lastBatch: 0, height: 1, timeMs: 1 };
    three.ledger.put(statQuarantines, quarantineRowId(trio, base.account), row);
  };
  const stateOf = async (trio: string) =>
    (await three.ledger.row(statQuarantines, quarantineRowId(trio, base.account)))?.state;
  return { three, rebuilding, all, accuse, stateOf, looked: () => looked };
}

test('who founds twenty trios with somebody else’s server and accuses it in each has it look at everything once', async (t) => {
  const { rebuilding, all, accuse, stateOf, looked } = await accusable(t, 20);
  for (const trio of all) accuse(trio);
  assert.equal(await rebuilding.answerAccusations(), 20);
  assert.equal(looked(), 1);
  for (const trio of all) assert.equal(await stateOf(trio), 'rebuilt');
});

test('who accuses it again as soon as it has answered has it look a few times a day', async (t) => {
  const { three, rebuilding, accuse, looked } = await accusable(t, 1);
  for (let minute = 0; minute < 4 * 24 * 60; minute++) {
    accuse(three.trio);
    await rebuilding.answerAccusations();
    three.now += 60_000;
  }
  assert.ok(looked() >= 5 && looked() <= 12, `${looked()} times in four days`);
  // Left alone for two days it answers at once again; and so it does where its clock was set back.
  for (const ms of [48 * hourMs, -30 * 24 * hourMs]) {
    three.now += ms;
    accuse(three.trio);
    assert.equal(await rebuilding.answerAccusations(), 1);
  }
});

test('a trio in which it cannot say so keeps it from saying so in no other', async (t) => {
  const { three, rebuilding, all, accuse, stateOf } = await accusable(t, 2);
  const [first, second] = all.toSorted();
  assert.ok(first !== undefined && second !== undefined);
  for (const trio of all) accuse(trio);
  const { account } = three.server(0).base;
  const row = await three.ledger.row(statQuarantines, quarantineRowId(first, account));
  assert.ok(row);
  // Of a batch that nobody has.
  three.ledger.put(statQuarantines, quarantineRowId(first, account), { ...row, lastBatch: 9 });
  await assert.rejects(rebuilding.answerAccusations(), { code: 'ROOT_DIFFERS' });
  assert.equal(await stateOf(second), 'rebuilt');
});

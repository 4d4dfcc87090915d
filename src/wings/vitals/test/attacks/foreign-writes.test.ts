import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { CodedError } from '../../../../primitives/errors.ts';
import { readReport } from '../../api/incident-report.ts';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { valuesOf } from '../settings/pages.ts';
import { hour, ThreeServers } from '../settings/three-servers.ts';
import { flipped } from '../tampering/tampered-file.ts';

const kernel = await openKernel();
/** What looking at everything is said to take here. */
const scrubMs = 2_000;

/** A server whose clocks a test sets, and somebody with a session of his own in its file. */
async function written(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'salus-writes-'));
  const three = await ThreeServers.open(folder, kernel);
  t.after(() => three.close());
  await three.registerEverywhere();
  await three.uploadTogether(await three.signTogether([valuesOf(1, 64, 1)]));
  await three.judge();
  assert.equal(await three.server(0).seal(), 1);
  const path = join(folder, '0.db');
  const foreign = new DatabaseSync(path, { timeout: 5_000 });
  t.after(() => foreign.close());
  foreign.exec('PRAGMA synchronous = OFF; CREATE TABLE strangers (it INTEGER)');
  let [passedMs, spentMs, scrubs] = [0, 0, 0];
  three.scrubClock = { nowMs: () => passedMs, spentMs: () => spentMs };
  const { tampering, base } = three.server(0);
  const round = tampering.scrub.round.bind(tampering.scrub);
  tampering.scrub.round = (...of) => {
    scrubs += 1;
    spentMs += scrubMs;
    return round(...of);
  };
  const pass = (ms: number) => {
    passedMs += ms;
    three.now += ms;
  };
  const reports = async () =>
    (await base.incidents.incidents()).map(({ signed }) => readReport(signed));
  /** How many turns with a write they tell of. */
  const turnsTold = async () =>
    (await reports()).reduce((sum, { attempts }) => {
      const [line] = attempts.flatMap(({ what }) => what.match(/^written in ([0-9]+) turns/) ?? []);
      return sum + (line === undefined ? 1 : Number(/[0-9]+/.exec(line)?.[0]));
    }, 0);
  const write = () => foreign.exec('INSERT INTO strangers VALUES (1)');
  return { three, path, write, pass, reports, turnsTold, scrubs: () => scrubs };
}

test('the first foreign write is looked at and told in the turn that sees it', async (t) => {
  const { three, write, reports, scrubs } = await written(t);
  await three.server(0).tampering.turn();
  assert.deepEqual([scrubs(), (await reports()).length], [1, 1], 'a table of somebody else');
  for (let turn = 0; turn < 5; turn++) await three.server(0).tampering.turn();
  assert.deepEqual([scrubs(), (await reports()).length], [1, 1]);
  write();
  await three.server(0).tampering.turn();
  assert.deepEqual([scrubs(), (await reports()).length], [1, 1], 'not paid for yet');
});

test('who writes without end takes a tenth of a core and three reports in 25 minutes, and every turn is told of', async (t) => {
  const { three, write, pass, reports, turnsTold, scrubs } = await written(t);
  const { tampering } = three.server(0);
  const [turns, turnMs] = [1_500, 1_000];
  for (let turn = 0; turn < turns; turn++) {
    write();
    await tampering.turn();
    pass(turnMs);
  }
  const most = 1 + (0.1 * turns * turnMs) / scrubMs;
  assert.ok(scrubs() <= most && scrubs() > most / 2, String(scrubs()));
  assert.equal((await reports()).length, 3);
  assert.ok((await reports()).every(({ kind }) => kind === 'write-attempt'));
  // He went away: what was not told yet is told when it is time, once.
  for (let turn = 0; turn < 4; turn++) {
    pass(600_000);
    await tampering.turn();
  }
  assert.equal((await reports()).length, 4);
  assert.equal(await turnsTold(), turns);
  assert.ok(scrubs() <= most + 1, String(scrubs()));
});

test('what is changed between two looks is answered to nobody, and found by the next one, which is not put off', async (t) => {
  const { three, path, write, pass, scrubs } = await written(t);
  const { tampering } = three.server(0);
  for (let turn = 0; turn < 30; turn++) {
    write();
    await tampering.turn();
    pass(100);
  }
  const before = scrubs();
  flipped(path, { table: 'sealed', column: 'shares', row: 0 });
  await tampering.turn();
  assert.equal(scrubs(), before);
  const read = () => three.store(0).pagesOf(three.pseudonym, 1, { from: hour, until: hour + 1 });
  await assert.rejects(read, { code: 'ROW_TAMPERED' });
  assert.equal(tampering.quarantines().length, 0);
  // He goes on writing meanwhile: a look that was due is not put off by it.
  let waitedMs = 0;
  for (; tampering.quarantines().length === 0; waitedMs += 100) {
    assert.ok(waitedMs <= 10 * scrubMs, String(waitedMs));
    write();
    pass(100);
    await tampering.turn();
  }
  assert.equal(scrubs(), before + 1);
});

test('a row that is met again and again is no lever either, and a look that could not be done is owed', async (t) => {
  const { three, write, pass, reports, scrubs } = await written(t);
  const { tampering } = three.server(0);
  const met = new CodedError('ROW_TAMPERED', { table: 'sealed' });
  await tampering.turn();
  for (let turn = 0; turn < 200; turn++) {
    tampering.suspect(met);
    await tampering.turn();
    pass(500);
  }
  assert.ok(scrubs() <= 1 + (0.1 * 100_000) / scrubMs, String(scrubs()));
  const { round } = tampering.scrub;
  tampering.scrub.round = () => Promise.reject(new CodedError('GATEWAY_UNREACHABLE'));
  pass(3_600_000);
  write();
  await assert.rejects(tampering.turn(), { code: 'GATEWAY_UNREACHABLE' });
  assert.equal((await reports()).length, 1);
  tampering.scrub.round = round;
  await tampering.turn();
  assert.equal((await reports()).length, 2);
});

test('two scrubs at once say once what both meet, and a request comes between their steps', async (t) => {
  const { three, path, reports } = await written(t);
  const { tampering } = three.server(0);
  await tampering.turn();
  const before = (await reports()).length;
  flipped(path, { table: 'sealed', column: 'shares', row: 0 });
  let turns = 0;
  let isOver = false;
  const request = (): void => {
    turns += 1;
    if (!isOver) setImmediate(request);
  };
  setImmediate(request);
  await Promise.all([tampering.fullScrub('read'), tampering.fullScrub('scrub')]);
  isOver = true;
  assert.equal((await reports()).length, before + 1);
  assert.equal(tampering.quarantines().length, 1);
  assert.ok(turns > 5, String(turns));
});

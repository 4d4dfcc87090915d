import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, beforeEach, test } from 'node:test';
import type { AccountId, BlobId } from '../../primitives/ids.ts';
import { scrubBoundFile, tellsUnbound } from '../../server/maintenance/scrub/bound-file.ts';
import { isFlaw } from '../../server/maintenance/scrub/flaw.ts';
import { reportsIn } from '../../server/maintenance/scrub/reports.ts';
import { rowGuard } from '../../server/row-key.ts';
import { idOfCid } from '../blob-id.ts';
import { NetworkRows } from './network-rows.ts';

const key = new Uint8Array(32).fill(7);
const guard = rowGuard(key);
const north = 'a'.repeat(64) as AccountId;
const valley = 'b'.repeat(64) as AccountId;
const blob = (byte: number): BlobId =>
  idOfCid(new Uint8Array([1, 0x55, 0x12, 32, ...new Uint8Array(32).fill(byte)]));
const [kept, gone, theirs] = [blob(1), blob(2), blob(3)];

let folder: string;
let path: string;
let asWritten: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'salus-network-'));
  path = join(folder, 'network.sqlite');
  asWritten = join(folder, 'as-written.sqlite');
  const rows = new NetworkRows(path, guard);
  for (const member of [north, valley]) rows.pinned(kept, member, 5);
  rows.pinned(gone, north, 6);
  rows.erase(gone, 7);
  rows.pinFor(theirs, north, 8);
  rows.bury(theirs, valley, { atMs: 9, statement: key });
  rows.report({ atMs: 10, code: 'HOLDER_SILENT', member: north, blobId: kept });
  const leaf = { leafDigests: new Uint8Array(32), nodes: [{ id: gone }] };
  rows.indexTree(kept, leaf as never, () => theirs);
  rows.close();
  copyFileSync(path, asWritten);
});
after(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => {
  for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
  copyFileSync(asWritten, path);
});

const file = () => ({ hospital: 'north', store: 'network', path, key });

async function found(): Promise<string[]> {
  const flaws: string[] = [];
  for await (const it of scrubBoundFile(file()))
    if (isFlaw(it)) flaws.push(`${it.table} ${it.bound}`);
  return flaws;
}

/** As another program with the file would. */
function write(sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

test('what the node wrote is as it was written, also when it is opened again', async () => {
  assert.deepEqual(await found(), []);
  const rows = new NetworkRows(path, guard);
  assert.deepEqual([rows.unbound, rows.membersWith(kept).length], [[], 2]);
  rows.close();
  assert.deepEqual(await found(), []);
});

test('a file that a process left while it made it is none that somebody changed', async () => {
  rmSync(path);
  const ends = { ...guard, open: () => assert.fail('the process ends') };
  assert.throws(() => new NetworkRows(path, ends), /the process ends/);
  assert.deepEqual(await found(), []);
  write('CREATE TABLE replicas (id TEXT)');
  assert.deepEqual(await found(), ['row_totals row MAC']);
  rmSync(path);
  new NetworkRows(path, guard).close();
  assert.deepEqual(await found(), []);
});

test('a file whose MACs and counts are all gone is told when it is opened, table by table, and is bound from then on', async () => {
  write('DELETE FROM row_totals; DELETE FROM row_macs; UPDATE replicas SET lost = 1');
  const rows = new NetworkRows(path, guard);
  rows.close();
  assert.ok(rows.unbound.some(({ table, because }) => table === 'replicas' && because === 'key'));
  assert.deepEqual(await found(), []);
});

const member = `'${'c'.repeat(64)}'`;
for (const [what, sql, expected] of [
  ['a copy that nobody has', `INSERT INTO replicas VALUES ('x', ${member}, 1, 0)`, 'foreign'],
  ['a copy that was lost', 'UPDATE replicas SET lost = 1', 'changed'],
  ['a copy that is forgotten', 'DELETE FROM replicas', 'gone'],
  ['an erasure', 'UPDATE erasures SET at_ms = 99', 'changed'],
  ['an erasure that waits no more', 'DELETE FROM erasures', 'gone'],
  ['what was erased', 'UPDATE erased SET is_back = 1', 'changed'],
  ['a pin', 'UPDATE pins SET at_ms = 1', 'changed'],
  ['a tombstone', 'UPDATE tombstones SET at_ms = 1', 'changed'],
  ['what an operator was told', "UPDATE reports SET code = 'HOLDER_LIED'", 'changed'],
  ['a row and its MAC', "DELETE FROM pins; DELETE FROM row_macs WHERE tbl = 'pins'", 'count'],
  ['the count', "DELETE FROM row_totals WHERE tbl = 'pins'", 'key'],
] as const)
  test(`changed by another hand: ${what}: the scrub finds it, opening tells it, and it is told once`, async () => {
    write(sql);
    const flaws = await found();
    assert.ok(flaws.length > 0);
    for (const it of flaws) assert.match(it, new RegExp(`row MAC: ${expected}`));
    const tell = tellsUnbound(folder, file());
    const rows = new NetworkRows(path, guard, tell);
    assert.equal(rows.unbound.length, flaws.length);
    for (const it of rows.unbound) tell(it);
    rows.close();
    const left: string[] = [];
    reportsIn(folder).take(({ part, findings }) => {
      left.push(...findings.map(({ table, bound }) => `${part}: ${table} ${bound}`));
    });
    assert.deepEqual(left.sort(), flaws.map((it) => `north network: ${it}`).sort());
    assert.deepEqual(await found(), [], 'what is left is bound as it is');
  });

test('another place of a block is found by the scrub and by who reads it', async () => {
  write(
    'UPDATE blocks SET place = 4 WHERE place = 0; UPDATE blocks SET place = -2 WHERE place = -1',
  );
  const [foreign, gone] = ['blocks row MAC: foreign', 'blocks row MAC: gone'];
  assert.deepEqual((await found()).sort(), [foreign, foreign, gone, gone]);
  const told: string[] = [];
  const rows = new NetworkRows(path, guard, ({ because }) => told.push(because));
  assert.deepEqual(rows.placesOf(theirs), []);
  assert.deepEqual(told, ['foreign']);
  rows.close();
});

test('of a row that is changed while the node runs nothing is believed, and it is told', () => {
  const told: string[] = [];
  const rows = new NetworkRows(path, guard, ({ table }) => told.push(table));
  write(
    `UPDATE replicas SET at_ms = 1 WHERE member = '${north}'; UPDATE erased SET is_back = 1;
     UPDATE pins SET at_ms = 99; UPDATE tombstones SET at_ms = 0;
     INSERT INTO erasures VALUES ('${kept}', '${valley}', 11)`,
  );
  assert.deepEqual(rows.membersWith(kept), [valley], 'a copy is asked for again');
  assert.deepEqual(rows.erasuresFor(valley, 9), [], 'nobody erases what we keep for another hand');
  assert.equal(rows.isErased(gone), true, 'what was erased does not come back');
  assert.ok((rows.tombstoneAt(theirs, valley) ?? 0) > 1e12);
  assert.equal(rows.pinnedForAt(theirs, north), undefined, 'what is to be erased is');
  assert.deepEqual(told, ['replicas', 'erasures', 'erased', 'tombstones', 'pins']);
  rows.close();
});

test('a copy and an erasure of another hand go when the node opens its file', () => {
  write(
    `UPDATE replicas SET at_ms = 1 WHERE member = '${north}';
     INSERT INTO erasures VALUES ('${kept}', '${valley}', 11)`,
  );
  const rows = new NetworkRows(path, guard);
  assert.deepEqual(rows.membersWith(kept), [valley]);
  assert.equal(rows.erasuresWaiting(valley), 0);
  assert.equal(rows.erasuresWaiting(north), 1);
  rows.close();
});

test('a file under another key, as after a restore without keys, is told and bound under this one', async () => {
  const other = new NetworkRows(path, rowGuard(new Uint8Array(32).fill(8)));
  assert.ok(other.unbound.every(({ because }) => because === 'key') && other.unbound.length > 0);
  other.close();
  const again = new NetworkRows(path, rowGuard(new Uint8Array(32).fill(8)));
  assert.deepEqual(again.unbound, []);
  assert.equal(again.membersWith(kept).length, 2);
  again.close();
});

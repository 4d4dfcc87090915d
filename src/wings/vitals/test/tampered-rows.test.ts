import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openKernel } from '../crypto/page-arithmetic-wasm.ts';
import { depth, stepRows } from '../node/incidents/background-round.ts';
import { type RoundPlace, Scrub } from '../node/incidents/scrubbing.ts';
import { pageTables, questionTables } from '../node/stores/guarded-tables.ts';
import { furnish } from './furnished-server.ts';
import { valuesOf } from './pages.ts';
import { columnsIn, flipped, tampered } from './tampered-file.ts';
import { ThreeServers } from './three-servers.ts';

const kernel = await openKernel();

/** A server with a row in every table of both its files. */
async function furnished(t: TestContext): Promise<{ three: ThreeServers; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-tampered-'));
  const three = await ThreeServers.open(folder, kernel);
  t.after(() => three.close());
  await three.registerEverywhere();
  await three.uploadTogether(await three.signTogether([valuesOf(1, 64, 1), valuesOf(3, 10, 3)]));
  await three.judge();
  assert.equal(await three.server(0).seal(), 1);
  await furnish(three);
  return { three, folder };
}

/** Names of tables that a round in the background finds something in. */
async function inBackground(three: ThreeServers): Promise<string[]> {
  const scrub = new Scrub(three.server(0).base);
  const found: string[] = [];
  let place: RoundPlace | undefined;
  do {
    const step = await scrub.step(place, stepRows, depth);
    found.push(...step.bad.map(({ table }) => table));
    place = step.next;
  } while (place !== undefined);
  return found;
}

test('of a server that nobody touched nothing is found, and nothing after it was opened again', async (t) => {
  const { three } = await furnished(t);
  for (const place of [0, 1, 2] as const) {
    const { bad, rows } = await new Scrub(three.server(place).base).round(3);
    assert.deepEqual(bad, []);
    assert.ok(rows > 5);
  }
  await three.kill(0);
  assert.deepEqual((await new Scrub(three.server(0).base).round(100)).bad, []);
});

/** A page that names no list is found where the list is. */
const namedFor = (table: string): string | undefined =>
  table === 'pages' ? 'accepted' : undefined;

const files = [
  ['0.db', pageTables],
  ['questions 0.db', questionTables],
] as const;
for (const [file, tables] of files)
  for (const { name } of tables)
    test(`one bit of any column of any row of ${name} that is another is found and named`, async (t) => {
      const { three, folder } = await furnished(t);
      const path = join(folder, file);
      const columns = columnsIn(path, name);
      assert.ok(columns.length > 0);
      for (const { column, row } of columns) {
        const undo = flipped(path, { table: name, column, row });
        for (const isDeep of [false, true]) {
          const { bad } = await new Scrub(three.server(0).base).round(5, undefined, isDeep);
          const found = bad.map(({ table }) => table);
          const isNamed = found.some((it) => it === name || it === namedFor(name));
          assert.ok(isNamed, `${name}.${column} of row ${row}: ${JSON.stringify(found)}`);
        }
        const found = await inBackground(three);
        const isNamed = found.some((it) => it === name || it === namedFor(name));
        assert.ok(isNamed, `in the background ${name}.${column}: ${JSON.stringify(found)}`);
        undo();
        assert.deepEqual((await new Scrub(three.server(0).base).round(500)).bad, []);
      }
    });

for (const [file, tables] of files)
  for (const { name } of tables)
    test(`a row of ${name} that is gone is found in the background`, async (t) => {
      const { three, folder } = await furnished(t);
      assert.deepEqual(await inBackground(three), []);
      tampered(join(folder, file), (db) => db.exec(`DELETE FROM ${name}`));
      assert.notDeepEqual(await inBackground(three), []);
    });

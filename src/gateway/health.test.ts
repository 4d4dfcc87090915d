import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { after, before, mock, test } from 'node:test';
import { Person } from '../../test/gateway/person.ts';
import { sealedItem } from '../../test/gateway/sealed.ts';
import { openTown, type Town } from '../../test/gateway/town.ts';
import { randomBytes } from '../crypto/random.ts';
import { keysToRenew } from './health.ts';

let town: Town;
let ana: Person;
before(async () => {
  town = await openTown();
  ana = await Person.enrolled(town, town.north, 'patient');
  await ana.keySet();
});
after(() => town.close());

const ask = (url: string) => town.app.inject({ method: 'GET', url });
const figureOf = async (name: string) => {
  const { body } = await ask('/metrics');
  return Number(new RegExp(`^\\S*${name}\\{hospital="north"\\} (\\d+)$`, 'm').exec(body)?.[1]);
};

/** Of tables that stay small: what waits for the next minute, and single rows. */
const small = /^SCAN (batch_leaves|rowless_anchors|totals|counts|progress)\b/;

test('who asks for figures or health has no table read through that grows', async () => {
  const asked = new Set<string>();
  const methods = (['get', 'all'] as const).map((name) => {
    const honest = StatementSync.prototype[name];
    return mock.method(
      StatementSync.prototype,
      name,
      function (this: StatementSync, ...values: never) {
        asked.add(this.sourceSQL);
        return (honest as (...values: never) => unknown).apply(this, values);
      },
    );
  });
  for (const url of ['/metrics', '/health', '/', '/openapi.json']) {
    assert.equal((await ask(url)).statusCode, 200);
  }
  for (const method of methods) method.mock.restore();
  assert.ok(asked.size > 2, [...asked].join());
  const files = ['gateway.sqlite', join('blobs', 'blobs.sqlite')].map(
    (name) => new DatabaseSync(join(town.folder, 'north', name), { readOnly: true }),
  );
  for (const sql of asked) {
    for (const detail of planOf(sql, files)) {
      assert.ok(!detail.startsWith('SCAN') || small.test(detail), `${sql}: ${detail}`);
    }
  }
  for (const file of files) file.close();
});

/** How the database that has these tables would find what is asked. */
function planOf(sql: string, files: readonly DatabaseSync[]): string[] {
  for (const file of files) {
    try {
      return file
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail));
    } catch {
      // Of another file.
    }
  }
  return assert.fail(sql);
}

test('anchors without rows are counted: announced, delivered before, delivered after', async () => {
  const name = 'anchors_without_rows';
  assert.equal(await figureOf(name), 0);
  await ana.keep([sealedItem('lab')]);
  assert.equal(await figureOf(name), 0);
  const root = randomBytes(32);
  await ana.send([{ kind: 'DataAnchor', consent: '', epoch: 1, root, count: 1 }]);
  await town.north.gateway.index.caughtUp();
  assert.equal(await figureOf(name), 1);
});

test('health says reads and writes, and a full disk is no place to write', async () => {
  const health = async () => {
    const answer = await ask('/health');
    return { status: answer.statusCode, ...answer.json() };
  };
  const well = await health();
  const [north] = well.hospitals;
  assert.deepEqual([well.status, well.ok, north.reads, north.writes], [200, true, true, true]);
  assert.ok(north.freeBytes > 0 && north.ageMs >= 0);
  const full = mock.method(fs, 'statfsSync', () => ({ bavail: 3, bsize: 4096 }));
  syncBuiltinESMExports();
  try {
    const { status, ok, hospitals } = await health();
    const [same] = hospitals;
    assert.deepEqual(
      [status, ok, same.ok, same.reads, same.writes],
      [503, false, false, true, false],
    );
    assert.equal(same.freeBytes, 3 * 4096);
  } finally {
    full.mock.restore();
    syncBuiltinESMExports();
  }
  assert.equal((await health()).status, 200);
});

test('a certificate is one to renew from thirty days before its end on', () => {
  const dayMs = 86_400_000;
  const keys = [{ name: 'machine', endsMs: 100 * dayMs }];
  assert.deepEqual(keysToRenew(keys, 70 * dayMs), []);
  assert.deepEqual(keysToRenew(keys, 70 * dayMs + 1), keys);
  assert.deepEqual(keysToRenew(keys, 101 * dayMs), keys);
});

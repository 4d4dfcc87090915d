import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { scrubClaims } from '../../src/server/maintenance/scrub/blobs.ts';
import { scrubBlocks } from '../../src/server/maintenance/scrub/blocks.ts';
import { scrubBoundFile } from '../../src/server/maintenance/scrub/bound-file.ts';
import { isFlaw, type Scrubbing } from '../../src/server/maintenance/scrub/flaw.ts';
import { scrubGateway } from '../../src/server/maintenance/scrub/gateway-rows.ts';
import { scrubState } from '../../src/server/maintenance/scrub/state.ts';
import { serversOf } from '../../src/server/process.ts';
import { readRowKey } from '../../src/server/row-key.ts';
import { bundle, startTown, type Town } from '../cli/town.ts';

let town: Town;
let servers: string;
before(async () => {
  town = await startTown();
  const patient = await town.patient();
  await town.salus('record', 'add', bundle, '--as', patient.name);
  await town.salus('record', 'add', bundle, '--as', patient.name);
  await town.stop();
  servers = serversOf(town.home);
});
after(() => town.leave());

/** What its process does while a scrub looks at its file: a commit, and then the log is cut. */
function cutsLog(path: string): { readonly cut: () => boolean; readonly close: () => void } {
  const db = new DatabaseSync(path);
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
  return {
    cut() {
      db.exec(`PRAGMA user_version = ${version + 1}; PRAGMA user_version = ${version}`);
      const { busy, log } = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {};
      return busy === 0 && log === 0;
    },
    close: () => db.close(),
  };
}

const north = (file: string): string => join(servers, 'north', file);
const stores: readonly [string, () => string, () => Scrubbing][] = [
  ['gateway.db', () => north('gateway.db'), () => scrubGateway(servers, 'north')],
  ['gateway.db, by its claims', () => north('gateway.db'), () => scrubClaims(servers, 'north')],
  ['blobs.sqlite', () => north('blobs/blobs.sqlite'), () => scrubClaims(servers, 'north')],
  ['blocks.db', () => join(servers, 'ledger', 'blocks.db'), () => scrubBlocks(servers)],
  ['state.db', () => join(servers, 'ledger', 'state.db'), () => scrubState(servers)],
  [
    'a file whose rows have MACs',
    () => north('gateway.db'),
    () =>
      scrubBoundFile({
        ...{ hospital: 'north', store: 'gateway', path: north('gateway.db') },
        key: readRowKey(join(servers, 'north')),
      }),
  ],
];

for (const [name, pathOf, scrub] of stores)
  test(`the log of ${name} is cut between any two steps of a scrub, which finds nothing wrong`, async () => {
    assert.ok(existsSync(pathOf()));
    const writer = cutsLog(pathOf());
    try {
      let steps = 0;
      for await (const it of scrub()) {
        assert.equal(isFlaw(it), false, JSON.stringify(it));
        assert.ok(writer.cut(), `step ${steps}`);
        steps += 1;
      }
      assert.ok(steps > 1, String(steps));
    } finally {
      writer.close();
    }
  });

test('a row of the state that is gone is found also while blocks come', async () => {
  const path = join(servers, 'ledger', 'state.db');
  const writer = cutsLog(path);
  const db = new DatabaseSync(path);
  try {
    const row = db.prepare('SELECT id, k, v FROM kv ORDER BY id LIMIT 1 OFFSET 2').get();
    assert.ok(row);
    db.prepare('DELETE FROM kv WHERE id = ?').run(row.id ?? null);
    const found: string[] = [];
    for await (const it of scrubState(servers)) {
      if (isFlaw(it)) found.push(`${it.table} ${it.bound}`);
      assert.ok(writer.cut());
    }
    db.prepare('INSERT INTO kv VALUES (?, ?, ?)').run(row.id ?? 0, row.k ?? null, row.v ?? null);
    assert.deepEqual(found, ['kv recount']);
    for await (const it of scrubState(servers)) assert.equal(isFlaw(it), false);
  } finally {
    db.close();
    writer.close();
  }
});

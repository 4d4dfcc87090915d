import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BlockWrites } from '../../ledger/ledger.ts';
import { emptyLog } from '../../ledger/log-tree.ts';
import { put, stateKey } from '../../ledger/table.ts';
import { organisations, rightsFromGenesis } from '../../ledger/tables/organisations.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { isDiskFull } from '../disk-full.ts';
import { StateDatabase } from './state-database.ts';

const idOf = (height: number) => new Uint8Array(32).fill(height);
const largeValue = (height: number) => new Uint8Array(4_000).fill(height);
const headOf = (height: number) => ({
  genesisHash: new Uint8Array(32),
  height,
  appHash: new Uint8Array(32).fill(height),
});

/** One large row a block. */
function writesOf(height: number): BlockWrites {
  const id = bytesToHex(idOf(height));
  const write = put(organisations, id, {
    name: `at ${height}`,
    url: '',
    rights: [],
    ...rightsFromGenesis,
  });
  return {
    rows: [{ key: stateKey(organisations, id), value: largeValue(height), write }],
    pages: new Map(),
    tiles: [],
    logs: { user: emptyLog, doc: emptyLog },
  };
}

const holds = (database: StateDatabase, height: number) =>
  equalBytes(database.row(stateKey(organisations, idOf(height))) ?? idOf(0), largeValue(height));

test('a full disk stops the state only after a while, loses nothing, and work goes on when there is room', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-state-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'state.db');
  const database = new StateDatabase(path, { stateLayer: 4 });
  database.commit(headOf(0), writesOf(0));
  database.flush();
  database.limitPages(1);
  let height = 0;
  assert.throws(() => {
    for (;;) {
      database.commit(headOf(height + 1), writesOf(height + 1));
      height++;
      assert.ok(height < 100, 'more was taken in than four layers');
    }
  }, isDiskFull);
  assert.ok(height > 4);
  assert.equal(database.head()?.height, height);
  for (let at = 0; at <= height; at++) assert.ok(holds(database, at));
  assert.ok(!holds(database, height + 1));

  database.limitPages(1_000_000);
  for (let at = height + 1; at <= height + 20; at++) database.commit(headOf(at), writesOf(at));
  database.close();
  const reopened = new StateDatabase(path, { stateLayer: 4 });
  assert.deepEqual(reopened.head(), headOf(height + 20));
  for (let at = 0; at <= height + 20; at++) assert.ok(holds(reopened, at));
  reopened.close();
});

test('what was closed on a full disk is the whole state of an earlier height', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'salus-state-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'state.db');
  const database = new StateDatabase(path, { stateLayer: 4 });
  for (let at = 0; at <= 10; at++) database.commit(headOf(at), writesOf(at));
  database.flush();
  database.limitPages(1);
  for (let at = 11; at <= 20; at++) database.commit(headOf(at), writesOf(at));
  database.close();
  const reopened = new StateDatabase(path, { stateLayer: 4 });
  assert.deepEqual(reopened.head(), headOf(10));
  for (let at = 0; at <= 20; at++) assert.equal(holds(reopened, at), at <= 10);
  reopened.close();
});

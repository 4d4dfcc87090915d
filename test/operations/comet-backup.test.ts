import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { partsOf } from '../../src/server/maintenance/backup/home-parts.ts';
import { readRestored, requireDecided, writeRestored } from '../../src/server/restored.ts';
import { services } from '../../src/server/services.ts';
import { initHomes } from '../services/cometbft/homes.ts';

/** A home as `consortium init` makes it, with what a node and a gateway write as they run. */
let root = '';
let home = '';
const node = (...path: readonly string[]) => join(home, 'servers', 'cometbft', ...path);
const signing = [
  'config/priv_validator_key.json',
  'data/priv_validator_state.json',
  'data/cs.wal/wal',
  'data/mempool.wal/wal',
  'data/blockstore.db/LOCK',
];

before(async () => {
  const made = await initHomes(['anna', 'bern']);
  root = made.root;
  home = made.members[0]?.home ?? '';
  for (const path of signing) {
    mkdirSync(dirname(node(path)), { recursive: true });
    if (!existsSync(node(path))) writeFileSync(node(path), 'x');
  }
  for (const name of ['ledger/blocks.db', 'ledger/validators.db', 'anna/gateway.db']) {
    mkdirSync(dirname(join(home, 'servers', name)), { recursive: true });
    new DatabaseSync(join(home, 'servers', name)).exec('CREATE TABLE t(a)');
  }
});
after(() => rmSync(root, { recursive: true, force: true }));

test('a backup holds what makes the machine a member again, and nothing that it signs blocks with', () => {
  const { databases, plain, keys } = partsOf(home, services);
  assert.deepEqual(databases, [
    ...['servers/ledger/blocks.db', 'servers/ledger/validators.db', 'servers/anna/gateway.db'],
  ]);
  for (const file of ['genesis.json', 'config.toml']) {
    assert.ok(plain.includes(`servers/cometbft/config/${file}`), file);
  }
  assert.deepEqual(keys.toSorted(), [
    'servers/anna/desk.token',
    'servers/anna/organisation.key',
    'servers/anna/rows.key',
    'servers/anna/storage/storage.key',
    'servers/anna/storage/swarm.key',
    'servers/cometbft/config/node_key.json',
  ]);
  for (const path of signing) {
    assert.ok(existsSync(node(path)), path);
    assert.ok(![...databases, ...plain, ...keys].includes(`servers/cometbft/${path}`), path);
  }
});

test('a restored member serves only once somebody said that the old machine is off: RESTORED_TWIN', () => {
  const facts = {
    ...{ height: 7, headerHash: 'a'.repeat(64), backupHeight: 7, backupMs: 1, isComplete: true },
    ...{ peers: [], acceptedMs: 0, oldMayRun: true },
  };
  writeRestored(home, facts);
  for (const decided of [{}, { acceptLoss: true }]) {
    assert.throws(() => requireDecided(home, decided, 5), { code: 'RESTORED_TWIN' });
  }
  requireDecided(home, { oldStopped: true }, 5);
  assert.deepEqual(readRestored(home), { ...facts, oldMayRun: false, acceptedMs: 5 });
  requireDecided(home, {}, 6);
  assert.match(readFileSync(join(home, 'servers', 'restored.json'), 'utf8'), /"acceptedMs":5/);
});

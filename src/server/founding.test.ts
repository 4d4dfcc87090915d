import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseGenesis } from '../ledger/genesis.ts';
import { isCoded } from '../primitives/errors.ts';
import { openConsortium, requireKeys } from './founding.ts';
import { readHomeMark } from './home-version.ts';
import type { ServerWing } from './process.ts';

function newHome(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'salus-founding-'));
  t.after(() => rmSync(home, { recursive: true }));
  return home;
}

const key = { validatorKey: new Uint8Array(32).fill(3), nowMs: 1_000 };
const two = [
  { name: 'south', title: 'South Hospital' },
  { name: 'hill-2', title: 'Hill Clinic' },
];

test('whoever founds a consortium is found again by its genesis, in its order', async (t) => {
  const home = newHome(t);
  const founded = await openConsortium(home, { ...key, members: two, wings: [] });
  const again = await openConsortium(home, { ...key, wings: [] });
  for (const { hospitals } of [founded, again]) {
    assert.deepEqual(
      hospitals.map(({ name, title }) => ({ name, title })),
      two,
    );
  }
  assert.deepEqual(again.genesisBytes, founded.genesisBytes);
  assert.deepEqual(again.hospitals[0]?.account, founded.hospitals[0]?.account);
});

test('a ledger that stands is not served without the keys of its own members', async (t) => {
  const home = newHome(t);
  const servers = join(home, 'servers');
  const { ledgerFolder } = await openConsortium(home, { ...key, members: two, wings: [] });
  mkdirSync(ledgerFolder, { recursive: true });
  writeFileSync(join(ledgerFolder, 'validator.key'), '');
  requireKeys(servers);
  rmSync(join(servers, 'hill-2', 'organisation.key'));
  assert.throws(() => requireKeys(servers), hasDetail('file', 'hill-2/organisation.key'));
});

const hasDetail = (name: string, value: string) => (error: unknown) =>
  isCoded(error, 'HOME_INVALID') && error.details[name] === value;

for (const name of ['', 'ledger', 'logs', '..', 'a/b', 'North']) {
  test(`nobody founds a consortium as "${name}"`, async (t) => {
    const founding = openConsortium(newHome(t), { ...key, members: [{ name, title: 'x' }] });
    await assert.rejects(founding, hasDetail('hospital', name));
  });
}

test('a wing founds what it keeps once, in a new home and in one that stands, and goes on when interrupted', async (t) => {
  const home = newHome(t);
  const calls: string[] = [];
  let isBroken = false;
  const wing = (name: string): ServerWing => ({
    name,
    processes: [],
    rights: name === 'first' ? ['enrol'] : [],
    found: async ({ hospitals }) => {
      calls.push(`${name} ${hospitals.map((it) => it.name).join(' ')}`);
      if (isBroken) throw new Error('interrupted');
    },
  });
  const [first, second] = [wing('first'), wing('second')];
  const { genesisBytes } = await openConsortium(home, { ...key, members: two, wings: [first] });
  const [organisation] = parseGenesis(genesisBytes).organisations;
  assert.deepEqual(organisation?.rights, ['enrol', 'serve', 'batch']);
  await openConsortium(home, { ...key, wings: [first] });
  assert.deepEqual(calls.splice(0), ['first south hill-2']);
  isBroken = true;
  await assert.rejects(openConsortium(home, { ...key, wings: [first, second] }));
  isBroken = false;
  await openConsortium(home, { ...key, wings: [first, second] });
  assert.deepEqual(calls, ['second south hill-2', 'second south hill-2']);
  assert.deepEqual(readHomeMark(home)?.wings, ['first', 'second']);
});

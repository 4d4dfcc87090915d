import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf, bytesOf, identityOf, World } from '../../test/world.ts';
import { sha256 } from '../crypto/hash.ts';
import { isCoded } from '../primitives/errors.ts';
import { encodeGenesis, type Genesis, genesisHash, parseGenesis, spineLogs } from './genesis.ts';
import { actNumber, acts, foundingLogs } from './protocol.ts';
import { accounts } from './tables/accounts.ts';
import { keys } from './tables/keys.ts';
import { organisations, rightsFromGenesis } from './tables/organisations.ts';

const { genesis } = new World();

test('a genesis is read back as it was, and its hash is the hash of its bytes', () => {
  const bytes = encodeGenesis(genesis);
  assert.deepEqual(parseGenesis(bytes), genesis);
  assert.deepEqual(genesisHash(bytes), sha256(bytes));
});

test('the default profile has two logs', () => {
  assert.deepEqual(
    genesis.logs.map(({ name, acts }) => [name, acts]),
    [
      ['user', [1, 2, 3, 4, 10, 11, 20, 30]],
      ['doc', [21, 31]],
    ],
  );
});

test('a ledger that is founded now takes every act that is declared, each in its log', () => {
  const taken = foundingLogs.flatMap((log) => log.acts.map((number) => [log.name, number]));
  const unlisted = actNumber('LogProfile');
  const declared = acts.filter(({ number }) => number !== unlisted);
  for (const { log, number } of declared)
    assert.ok(taken.some(([l, n]) => l === log && n === number));
  assert.equal(taken.length, declared.length);
  for (const { name, acts } of spineLogs) {
    const now = foundingLogs.find((log) => log.name === name)?.acts;
    assert.ok(
      acts.every((act) => now?.includes(act)),
      name,
    );
  }
});

const organisation = genesis.organisations[0];
assert.ok(organisation);
for (const [name, change] of [
  ['an empty chain id', { chainId: '' }],
  ['a chain id with a space', { chainId: 'a b' }],
  ['a chain id of 51 characters', { chainId: 'a'.repeat(51) }],
  ['no organisation', { organisations: [] }],
  ['an organisation twice', { organisations: [organisation, { ...organisation, name: 'other' }] }],
  ['no validator', { validators: [] }],
  ['a validator without power', { validators: [{ publicKey: bytesOf('v'), power: 0 }] }],
  ['a validator twice', { validators: [...genesis.validators, ...genesis.validators] }],
  ['no log', { logs: [] }],
  ['a log twice', { logs: [...genesis.logs, ...genesis.logs] }],
  ['transactions larger than 64 KiB', { limits: { maxTxBytes: 65_537, maxBlockBytes: 1_048_576 } }],
  ['blocks smaller than a transaction', { limits: { maxTxBytes: 65_536, maxBlockBytes: 9 } }],
] as const satisfies readonly (readonly [string, Partial<Genesis>])[]) {
  test(`a genesis with ${name} is refused`, () => {
    const bytes = encodeGenesis({ ...genesis, ...change });
    assert.throws(
      () => parseGenesis(bytes),
      (error) => isCoded(error, 'CBOR_SHAPE'),
    );
  });
}

test('organisations stand in the state before the first block, with their rights and address', () => {
  const { view } = new World();
  const hospital = accountOf('hospital');
  assert.deepEqual(view.get(organisations, hospital), {
    name: 'hospital',
    url: 'https://hospital.example',
    rights: ['enrol', 'serve', 'batch'],
    ...rightsFromGenesis,
  });
  const account = view.get(accounts, hospital);
  assert.deepEqual([account?.role, account?.organisation], ['organisation', hospital]);
  const [first] = view.get(keys, hospital)?.identities ?? [];
  assert.deepEqual(first, { identity: identityOf('hospital'), fromHeight: 0, untilHeight: 0 });
});

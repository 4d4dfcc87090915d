import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountOf, consortiumOf, validatorOf, World } from '../../test/world.ts';
import { validatorAddress } from './chain/validators.ts';
import { charterAt } from './charter.ts';
import { onlyRow } from './table.ts';
import { validators } from './tables/validators.ts';
import { validatorsCases } from './tables/validators-cases.ts';
import { validatorChanges, validatorsOf } from './validator-set.ts';

const consortium = (...names: readonly string[]) => new World(undefined, consortiumOf(...names));
const twice = (name: string, height = 1) => ({
  validatorAddress: validatorAddress(validatorOf(name).publicKey),
  height,
});
const setOf = (world: World) =>
  validatorsOf(world.view, charterAt(world.view, world.genesis, world.height));
const casesOf = (world: World) => world.view.get(validatorsCases, onlyRow) ?? [];

test('a ledger whose validators never changed has no row of them, and each organisation’s is known', () => {
  const world = consortium('anna', 'bern', 'chur', 'davos');
  assert.equal(world.view.get(validators, onlyRow), undefined);
  const owners = setOf(world).map(({ organisation }) => organisation);
  assert.deepEqual(owners, ['anna', 'bern', 'chur', 'davos'].map(accountOf));
  assert.deepEqual(world.execute([]).validatorUpdates, []);
});

test('where a genesis lists fewer validators than organisations, nobody knows whose they are', () => {
  assert.deepEqual(
    setOf(new World()).map(({ organisation }) => organisation),
    [''],
  );
});

test('who signs two blocks of one height loses his power, and a case is opened', () => {
  const world = consortium('anna', 'bern', 'chur', 'davos');
  const before = world.appHash;
  const { validatorUpdates, appHash } = world.execute([], undefined, [twice('bern', 7)]);
  assert.deepEqual(validatorUpdates, [{ ...validatorOf('bern'), power: 0 }]);
  assert.notDeepEqual(appHash, before);
  assert.equal(setOf(world).length, 3);
  assert.deepEqual(casesOf(world), [
    {
      publicKey: validatorOf('bern').publicKey,
      organisation: accountOf('bern'),
      height: 7,
      openedHeight: 1,
      openedMs: world.timeMs,
      removed: true,
    },
  ]);
});

test('one is removed in a block; of the other there is a case, and it goes with the next evidence', () => {
  const world = consortium('anna', 'bern', 'chur', 'davos', 'elm');
  const { validatorUpdates } = world.execute([], undefined, [twice('bern'), twice('chur')]);
  assert.equal(validatorUpdates.length, 1);
  assert.deepEqual(
    casesOf(world).map(({ removed }) => removed),
    [true, false],
  );
  assert.equal(world.execute([], undefined, [twice('chur', 9)]).validatorUpdates.length, 1);
  assert.equal(setOf(world).length, 3);
});

test('three validators stay, whatever is reported, and one of them fills no row with cases', () => {
  const world = consortium('anna', 'bern', 'chur');
  for (let height = 1; height <= 5; height++) {
    assert.deepEqual(world.execute([], undefined, [twice('bern', height)]).validatorUpdates, []);
  }
  assert.equal(setOf(world).length, 3);
  assert.equal(casesOf(world).length, 1);
});

test('evidence of a key that orders nothing changes nothing', () => {
  const world = consortium('anna', 'bern', 'chur', 'davos');
  const before = world.appHash;
  assert.deepEqual(world.execute([], undefined, [twice('stranger')]).appHash, before);
  world.execute([], undefined, [twice('bern')]);
  const after = world.appHash;
  assert.deepEqual(world.execute([], undefined, [twice('bern', 2)]).appHash, after);
});

test('an engine is told of keys that came or have another power, and with power 0 of those that left', () => {
  const held = (name: string, power = 10) => ({
    ...validatorOf(name),
    power,
    organisation: '' as const,
  });
  const changes = validatorChanges(
    [held('anna'), held('bern'), held('chur')],
    [held('anna'), held('chur', 5), held('davos')],
  );
  assert.deepEqual(changes, [
    { ...validatorOf('chur'), power: 5 },
    validatorOf('davos'),
    { ...validatorOf('bern'), power: 0 },
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExpiringMap } from './expiring-map.ts';

/** Values are their owner's name. */
const mapOf = (each: number, all: number, now: () => number = () => 0) =>
  new ExpiringMap<string>(now, { each, all, ownerOf: (owner) => owner });

test('an entry ends at its time', () => {
  let now = 0;
  const map = mapOf(10, 10, () => now);
  map.set('a', 'one', 100);
  assert.equal(map.get('a'), 'one');
  now = 100;
  assert.equal(map.get('a'), undefined);
});

test('of an owner who has his share the oldest goes, and of nobody else', () => {
  const map = mapOf(2, 100);
  map.set('ana', 'ana', 1);
  for (const key of ['e1', 'e2', 'e3']) map.set(key, 'eve', 1);
  assert.deepEqual(
    ['ana', 'e1', 'e2', 'e3'].map((key) => map.get(key)),
    ['ana', undefined, 'eve', 'eve'],
  );
});

test('when it is full the oldest goes of whoever has most, and what has ended goes first', () => {
  let now = 0;
  const map = mapOf(3, 4, () => now);
  map.set('ana', 'ana', 100);
  for (const key of ['e1', 'e2', 'e3']) map.set(key, 'eve', 300);
  map.set('ben', 'ben', 400);
  assert.deepEqual([map.get('ana'), map.get('e1'), map.get('e2')], ['ana', undefined, 'eve']);
  now = 350;
  map.set('cleo', 'cleo', 500);
  assert.equal(map.size, 2);
});

test('whoever sets however much: nobody loses an entry who has fewer than another', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 }), (owners) => {
      const map = mapOf(8, 40);
      map.set('mine', 'ana', 1);
      for (const [at, owner] of owners.entries()) map.set(`${at}`, `${owner}`, 1);
      assert.equal(map.get('mine'), 'ana');
      assert.ok(map.size <= 40);
    }),
  );
});

test('who is told of what went hears of each once, and not of what ended', () => {
  let now = 0;
  const gone: string[] = [];
  const bounds = {
    each: 1,
    all: 10,
    ownerOf: (owner: string) => owner,
    onGone: (key: string) => gone.push(key),
  };
  const map = new ExpiringMap<string>(() => now, bounds);
  map.set('a1', 'ana', 100);
  map.set('a2', 'ana', 100);
  map.deleteWhere((owner) => owner === 'ana');
  map.set('b1', 'ben', 100);
  now = 100;
  map.set('c1', 'cleo', 200);
  assert.deepEqual(gone, ['a1', 'a2']);
});

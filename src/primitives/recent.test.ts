import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Recent } from './recent.ts';

test('a value is the newest that was set, the last used stay, and few others do', () => {
  const limit = 4;
  const step = fc.record({
    do: fc.constantFrom('get', 'set', 'delete'),
    key: fc.nat(12),
    value: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const recent = new Recent<number, number>(limit);
      const model = new Map<number, number>();
      for (const { do: what, key, value } of steps) {
        if (what === 'set') recent.set(key, value);
        const isAmongLast = [...model.keys()].slice(-limit).includes(key);
        const wanted = model.get(key);
        if (what === 'get') {
          const found = recent.get(key);
          if (isAmongLast || found !== undefined) assert.equal(found, wanted);
          if (found === undefined) model.delete(key);
        }
        if (what === 'delete') recent.delete(key);
        const now = what === 'get' ? model.get(key) : what === 'set' ? value : undefined;
        model.delete(key);
        if (now !== undefined) model.set(key, now);
      }
    }),
  );
});

test('never more than twice the limit', () => {
  const recent = new Recent<number, number>(10);
  for (let key = 0; key < 1_000; key++) recent.set(key, key);
  const kept = Array.from({ length: 1_000 }, (_, key) => key).filter(
    (key) => recent.get(key) !== undefined,
  );
  assert.ok(kept.length >= 10 && kept.length <= 20, `${kept.length}`);
});

test('what is made is made once while it stays', () => {
  const recent = new Recent<string, number>(2);
  let made = 0;
  const make = () => ++made;
  assert.equal(recent.getOrMake('a', make), 1);
  assert.equal(recent.getOrMake('a', make), 1);
  recent.delete('a');
  assert.equal(recent.getOrMake('a', make), 2);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayBase } from './base.ts';
import { definePart, OpenParts } from './part.ts';

const anyBase = () => ({}) as GatewayBase;
const first = definePart({ name: 'first', open: () => ({ word: 'one' }) });
const second = definePart({
  name: 'second',
  open: (_base, parts) => ({ words: [parts.get(first).word, 'two'] }),
});

test('a part gets those before it in the list, each with its own type', () => {
  const parts = new OpenParts();
  parts.open([first, second], anyBase);
  assert.deepEqual(parts.get(second).words, ['one', 'two']);
  assert.deepEqual(
    parts.entries().map(([{ name }]) => name),
    ['first', 'second'],
  );
});

test('a part that asks for one after it, or for none of the list, is a fault: INTERNAL', () => {
  const code = { code: 'INTERNAL', details: { partNotOpen: 'first', open: '' } };
  assert.throws(() => new OpenParts().open([second, first], anyBase), code);
  assert.throws(() => new OpenParts().open([second], anyBase), code);
});

test('two parts with one name, or with the same tables, are a fault: INTERNAL', () => {
  const twin = definePart({ name: 'first', open: () => 1 });
  assert.throws(() => new OpenParts().open([first, twin], anyBase), { code: 'INTERNAL' });
  const store = { owner: 'same', migrations: [] };
  const owners = ['a', 'b'].map((name) => definePart({ name, store, open: () => name }));
  assert.throws(() => new OpenParts().open(owners, anyBase), { code: 'INTERNAL' });
});

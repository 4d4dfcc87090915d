import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeTxs, encodeTxs } from './stored-block.ts';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
const evidence = fc.record({
  validatorAddress: fc.uint8Array({ minLength: 20, maxLength: 20 }),
  height: fc.integer({ min: 1, max: 2 ** 40 }),
});

test('transactions and evidence of a block come back, in their order', () => {
  fc.assert(
    fc.property(fc.array(bytes), fc.array(evidence), (txs, misbehaviour) => {
      const read = decodeTxs(encodeTxs(txs, misbehaviour));
      assert.deepEqual(read.txs.map(hex), txs.map(hex));
      assert.deepEqual((read.misbehaviour ?? []).map(shown), misbehaviour.map(shown));
    }),
  );
});

test('a block without evidence is kept as it was before there was any', () => {
  const txs = [Uint8Array.of(1), Uint8Array.of(2, 3)];
  assert.deepEqual(encodeTxs(txs, []), encodeTxs(txs));
  assert.deepEqual([...encodeTxs(txs)], [10, 1, 1, 10, 2, 2, 3]);
});

const hex = (each: Uint8Array) => Buffer.from(each).toString('hex');
const shown = (it: { readonly validatorAddress: Uint8Array; readonly height: number }) =>
  `${hex(it.validatorAddress)} ${it.height}`;

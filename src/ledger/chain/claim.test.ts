import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCbor, encodeCbor, readArray } from '../../primitives/cbor.ts';
import { accountIdOf } from '../../primitives/ids.ts';
import { encodeTx, readTxBody } from '../codec.ts';
import { suite } from '../object-types.ts';
import type { Act } from '../protocol.ts';
import { claimTargets } from './claim.ts';

const filled = (length: number, n: number) => new Uint8Array(length).fill(n);
const anchor: Act = {
  ...{ kind: 'DataAnchor', consent: '', epoch: 1, root: filled(32, 7), count: 2 },
};
const target = { kind: 'root', root: anchor.root, count: 2 };

/** A transaction as a later version may make it: its acts as CBOR, whatever they are. */
function txWith(acts: readonly unknown[]): Uint8Array {
  const body = { suite, chainId: 'c', log: 'user', sender: accountIdOf(filled(32, 1)) } as const;
  const known = encodeTx({
    body: { ...body, nonce: 1, validUntilMs: 1, acts: [anchor] },
    signatures: [{ publicKey: filled(32, 2), signature: filled(64, 3) }],
  });
  const [bodyOfNow, signatures] = readArray(decodeCbor(known), 'tx');
  const fields = readArray(bodyOfNow, 'body');
  const [act = []] = readArray(fields[7], 'acts');
  const all = acts.map((it) => (it === anchor ? act : it)) as typeof fields;
  return encodeCbor([[...fields.slice(0, 7), all], signatures ?? []]);
}

const ofTomorrow: readonly (readonly [name: string, act: readonly unknown[], number: number])[] = [
  ['an act of a later version', [240, 'a note'], 240],
  ['a batch of a kind that a later version brought', [31, 'permits', filled(32, 1), 1, 1, 2], 31],
];
for (const [name, act, number] of ofTomorrow) {
  test(`Beside ${name}, what the other acts commit to is known: a receipt that opens it holds`, () => {
    assert.deepEqual(claimTargets(txWith([anchor, act])), [target, undefined]);
    assert.deepEqual(claimTargets(txWith([act, anchor])), [undefined, target]);
    const [, unknown] = readTxBody(txWith([anchor, act])).acts;
    assert.deepEqual(unknown, { number });
  });
}

test('An act that is known and cut short is no act of tomorrow: the transaction cannot be read', () => {
  assert.throws(() => claimTargets(txWith([[31, 'erased', filled(32, 1)]])));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ristretto255 } from '@noble/curves/ed25519.js';
import { concatBytes, utf8 } from '../primitives/bytes.ts';
import { isCoded } from '../primitives/errors.ts';
import { isPoint, pointFromScalarSeed, proofOfPoint, verifyPointProof } from './group.ts';
import { randomBytes } from './random.ts';

const seed = randomBytes(64);
const point = await pointFromScalarSeed(seed);
const context = utf8('chain, organisation, role');
const proof = await proofOfPoint(seed, context);
const order = ristretto255.Point.Fn.ORDER;

function littleEndian(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

test('the proof holds for its point and context alone', async () => {
  assert.equal(proof.length, 64);
  assert.equal(await verifyPointProof(point, context, proof), true);
  assert.equal(await verifyPointProof(point, utf8('another role'), proof), false);
  const stranger = await pointFromScalarSeed(randomBytes(64));
  assert.equal(await verifyPointProof(stranger, context, proof), false);
});

test('no flipped bit of a proof is accepted', async () => {
  for (let at = 0; at < 64; at += 3) {
    const changed = proof.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(await verifyPointProof(point, context, changed), false, `byte ${at}`);
  }
});

test('s + l, which gives the same point, is refused', async () => {
  const s = ristretto255.Point.Fn.fromBytes(proof.subarray(32)) + order;
  const malleable = concatBytes(proof.subarray(0, 32), littleEndian(s, 32));
  assert.equal(await verifyPointProof(point, context, malleable), false);
});

test('wrong lengths and the identity are a no, not an error', async () => {
  const identity = new Uint8Array(32);
  assert.equal(await isPoint(identity), false);
  assert.equal(await isPoint(point), true);
  assert.equal(await verifyPointProof(identity, context, proof), false);
  assert.equal(await verifyPointProof(identity, context, new Uint8Array(64)), false);
  assert.equal(await verifyPointProof(point, context, new Uint8Array(64)), false);
  assert.equal(await verifyPointProof(point.subarray(1), context, proof), false);
  assert.equal(await verifyPointProof(point, context, proof.subarray(1)), false);
});

test('a scalar is reduced mod l, and zero is refused', async () => {
  assert.deepEqual(
    await pointFromScalarSeed(littleEndian(order * 5n + 3n, 64)),
    await pointFromScalarSeed(littleEndian(3n, 64)),
  );
  for (const zero of [0n, order, order * 7n]) {
    await assert.rejects(pointFromScalarSeed(littleEndian(zero, 64)), (error) =>
      isCoded(error, 'KEY_WEAK'),
    );
  }
});

test('the nonce depends on the context, so that two proofs never share one', async () => {
  assert.deepEqual(await proofOfPoint(seed, context), proof);
  const other = await proofOfPoint(seed, utf8('another role'));
  assert.notDeepEqual(other.subarray(0, 32), proof.subarray(0, 32));
});

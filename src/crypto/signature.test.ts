import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { concatBytes, hexToBytes, utf8 } from '../primitives/bytes.ts';
import { isStrictSignature } from './ed25519-strict.ts';
import { sha256 } from './hash.ts';
import { labels } from './labels.ts';
import {
  isStrictKey,
  signingKeyFromSeed,
  signLabelled,
  verifyLabelled,
  verifySignature,
  verifyVote,
} from './signature.ts';

const key = await signingKeyFromSeed(new Uint8Array(32).fill(7));
const message = utf8('message');
const signature = await key.sign(message);

test('a signature is accepted by its key alone, over its message alone', async () => {
  assert.equal(await verifySignature(key.publicKey, message, signature), true);
  const other = await signingKeyFromSeed(new Uint8Array(32).fill(8));
  assert.equal(await verifySignature(other.publicKey, message, signature), false);
  assert.equal(await verifySignature(key.publicKey, utf8('massage'), signature), false);
});

test('no flipped bit of key or signature is accepted', async () => {
  const bits = fc.integer({ min: 0, max: 96 * 8 - 1 });
  await fc.assert(
    fc.asyncProperty(bits, async (bit) => {
      const changed = concatBytes(key.publicKey, signature);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const verdict = await verifySignature(changed.subarray(0, 32), message, changed.subarray(32));
      assert.equal(verdict, false);
    }),
  );
});

test('wrong lengths are a no, not an error', async () => {
  for (const [publicKey, sig] of [
    [new Uint8Array(0), signature],
    [key.publicKey.subarray(1), signature],
    [concatBytes(key.publicKey, Uint8Array.of(0)), signature],
    [key.publicKey, new Uint8Array(0)],
    [key.publicKey, signature.subarray(1)],
    [key.publicKey, concatBytes(signature, Uint8Array.of(0))],
  ] as const) {
    assert.equal(await verifySignature(publicKey, message, sig), false);
    assert.equal(await verifyVote(publicKey, message, sig), false);
  }
});

test('every encoding of a point of small order is no strict key', () => {
  const generator = ed25519.Point.fromHex(
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  );
  let point = ed25519.Point.ZERO;
  for (let i = 0; i < 8; i++) {
    for (const sign of [0, 0x80]) {
      const encoded = point.toBytes();
      encoded[31] = ((encoded[31] ?? 0) & 0x7f) | sign;
      assert.equal(isStrictKey(encoded), false, `${i} x generator, sign ${sign}`);
      assert.equal(
        isStrictSignature(key.publicKey, concatBytes(encoded, new Uint8Array(32))),
        false,
      );
    }
    point = point.add(generator);
  }
});

test('a y of p or more is no strict key, p - 2 is one', () => {
  for (const [first, expected] of [
    ['eb', true],
    ['ed', false],
    ['f0', false],
    ['ff', false],
  ] as const) {
    for (const last of ['7f', 'ff']) {
      const encoded = hexToBytes(first + 'ff'.repeat(30) + last);
      assert.ok(encoded);
      assert.equal(isStrictKey(encoded), expected, first + last);
    }
  }
});

test('S + L, which noble and the curve call the same, is refused', async () => {
  const s = ed25519.Point.Fn.fromBytes(signature.slice(32)) + ed25519.Point.Fn.ORDER;
  const malleable = signature.slice();
  for (let i = 0; i < 32; i++) malleable[32 + i] = Number((s >> BigInt(8 * i)) & 255n);
  assert.equal(await verifySignature(key.publicKey, message, malleable), false);
  assert.equal(await verifyVote(key.publicKey, message, malleable), false);
});

test('a labelled signature covers label, a zero and the hash, and holds under its label alone', async () => {
  const bytes = utf8('bytes as they travel');
  const signed = await signLabelled(key, labels.txSign, bytes);
  assert.equal(await verifyLabelled(key.publicKey, labels.txSign, bytes, signed), true);
  assert.equal(await verifyLabelled(key.publicKey, labels.readSign, bytes, signed), false);
  assert.equal(await verifyLabelled(key.publicKey, labels.txSign, utf8('others'), signed), false);
  const covered = concatBytes(utf8(`${labels.txSign}\0`), sha256(bytes));
  assert.equal(await verifySignature(key.publicKey, covered, signed), true);
});

test('what the strict predicate accepts is a vote too', async () => {
  assert.equal(await verifyVote(key.publicKey, message, signature), true);
  assert.equal(await verifyVote(key.publicKey, utf8('massage'), signature), false);
});

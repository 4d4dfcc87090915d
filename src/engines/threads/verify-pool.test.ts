import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels } from '../../crypto/labels.ts';
import { signingKeyFromSeed, signLabelled, verifyLabelled } from '../../crypto/signature.ts';
import { packQuestions, unpackQuestions } from './verify-batch.ts';
import { VerifyPool } from './verify-pool.ts';

const key = await signingKeyFromSeed(new Uint8Array(32).fill(7));
const bytes = new Uint8Array(300).fill(1);
const signature = await signLabelled(key, labels.txSign, bytes);
const changed = (of: Uint8Array, at: number) => of.map((byte, i) => (i === at ? byte ^ 1 : byte));
const order = [0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde];
const smallOrder = new Uint8Array(32);

const cases = [
  ['a good one', key.publicKey, bytes, signature, true],
  ['other bytes', key.publicKey, changed(bytes, 9), signature, false],
  ['a changed R', key.publicKey, bytes, changed(signature, 0), false],
  ['a changed S', key.publicKey, bytes, changed(signature, 40), false],
  ['another key', changed(key.publicKey, 3), bytes, signature, false],
  ['a key of small order', smallOrder, bytes, signature, false],
  ['a key that is too short', key.publicKey.subarray(1), bytes, signature, false],
  ['a signature that is too long', key.publicKey, bytes, new Uint8Array(65), false],
  [
    'S not below the order',
    key.publicKey,
    bytes,
    signature.map((b, i) => (i < 32 ? b : (order[i - 32] ?? 255))),
    false,
  ],
] as const;

test('the pool says what verifyLabelled says', async (t) => {
  const pool = new VerifyPool(2);
  t.after(() => pool.close());
  for (const [name, publicKey, message, sig, expected] of cases) {
    assert.equal(await verifyLabelled(publicKey, labels.txSign, message, sig), expected, name);
    assert.equal(await pool.verifyLabelled(publicKey, labels.txSign, message, sig), expected, name);
  }
});

test('each of many questions at once gets its own answer', async (t) => {
  const pool = new VerifyPool(2);
  t.after(() => pool.close());
  const asked = Array.from({ length: 500 }, (_, i) =>
    pool.verifyLabelled(
      key.publicKey,
      i % 3 === 0 ? labels.readSign : labels.txSign,
      bytes,
      signature,
    ),
  );
  assert.deepEqual(
    await Promise.all(asked),
    asked.map((_, i) => i % 3 !== 0),
  );
});

test('a pool whose threads are gone still answers', async () => {
  const pool = new VerifyPool(1);
  const before = Array.from({ length: 100 }, () =>
    pool.verifyLabelled(key.publicKey, labels.txSign, bytes, signature),
  );
  await before[0];
  await pool.close();
  const after = await pool.verifyLabelled(key.publicKey, labels.txSign, bytes, signature);
  assert.deepEqual([...(await Promise.all(before)), after], new Array<boolean>(101).fill(true));
});

test('questions travel unchanged', () => {
  const questions = [0, 1, 46, 255, 256, 1000].map((length) => ({
    publicKey: key.publicKey,
    signature,
    message: new Uint8Array(length).fill(length),
  }));
  assert.deepEqual(unpackQuestions(packQuestions(questions)), questions);
});

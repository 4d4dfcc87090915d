import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../primitives/bytes.ts';
import { isCoded } from '../primitives/errors.ts';
import { openUnderKey, sealUnderKey } from './aead.ts';
import { randomBytes } from './random.ts';
import { unwrapKey, wrapKey, wrappedKeyBytes } from './wrap.ts';

const cannotOpen = (error: unknown): boolean => isCoded(error, 'CANNOT_OPEN');
const wrappingKey = randomBytes(32);
const key = randomBytes(32);
const aad = utf8('core');

test('a key comes back from its wrap, under the same key and associated data alone', async () => {
  const wrapped = await wrapKey(wrappingKey, key, aad);
  assert.equal(wrapped.length, wrappedKeyBytes);
  assert.deepEqual(await unwrapKey(wrappingKey, wrapped, aad), key);
  await assert.rejects(unwrapKey(randomBytes(32), wrapped, aad), cannotOpen);
  await assert.rejects(unwrapKey(wrappingKey.subarray(1), wrapped, aad), cannotOpen);
  await assert.rejects(unwrapKey(wrappingKey, wrapped, utf8('care')), cannotOpen);
  for (let at = 0; at < wrapped.length; at++) {
    const changed = wrapped.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    await assert.rejects(unwrapKey(wrappingKey, changed, aad), cannotOpen);
  }
});

test('what is sealed under the wrapping key but is no key does not unwrap', async () => {
  for (const length of [0, 31, 33]) {
    const sealed = await sealUnderKey(wrappingKey, aad, new Uint8Array(length));
    await assert.rejects(unwrapKey(wrappingKey, sealed, aad), cannotOpen);
  }
});

test('only 32 bytes are wrapped', async () => {
  await assert.rejects(wrapKey(wrappingKey, key.subarray(1), aad), { code: 'INTERNAL' });
});

test('nothing is sealed under a key of another length', async () => {
  for (const length of [0, 16, 24, 33]) {
    await assert.rejects(sealUnderKey(new Uint8Array(length), aad, key), { code: 'INTERNAL' });
  }
});

test('one key wrapped twice gives two wraps', async () => {
  assert.notDeepEqual(await wrapKey(wrappingKey, key, aad), await wrapKey(wrappingKey, key, aad));
});

test('bytes of any length open as they were sealed, and cut ones do not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.nat(27), async (plaintext, cut) => {
      const sealed = await sealUnderKey(wrappingKey, aad, plaintext);
      assert.deepEqual(await openUnderKey(wrappingKey, aad, sealed), plaintext);
      await assert.rejects(openUnderKey(wrappingKey, aad, sealed.subarray(0, cut)), cannotOpen);
    }),
    { numRuns: 30 },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCoded } from '../primitives/errors.ts';
import { keyFromPassphrase, newPassphraseCost, passphraseLimits } from './passphrase.ts';

const salt = new Uint8Array(16).fill(1);
const cheapest = {
  memoryKiB: passphraseLimits.minMemoryKiB,
  passes: passphraseLimits.minPasses,
  salt,
};

test('one passphrase gives one key, however its accents are composed', async () => {
  const composed = await keyFromPassphrase('caf\u00e9 creme \ufb01n', cheapest);
  const decomposed = await keyFromPassphrase('cafe\u0301 creme fin', cheapest);
  assert.equal(composed.length, 32);
  assert.deepEqual(composed, decomposed);
});

test('another passphrase, salt or cost gives another key', async () => {
  const keys = await Promise.all([
    keyFromPassphrase('passphrase', cheapest),
    keyFromPassphrase('Passphrase', cheapest),
    keyFromPassphrase('passphrase', { ...cheapest, salt: new Uint8Array(16) }),
    keyFromPassphrase('passphrase', { ...cheapest, passes: 3 }),
  ]);
  assert.equal(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size, keys.length);
});

for (const [what, change] of [
  ['less memory than the floor', { memoryKiB: 19_455 }],
  ['more memory than the ceiling', { memoryKiB: 1_048_577 }],
  ['one pass', { passes: 1 }],
  ['eleven passes', { passes: 11 }],
  ['half a pass', { passes: 2.5 }],
  ['no number', { memoryKiB: Number.NaN }],
  ['a short salt', { salt: new Uint8Array(8) }],
  ['a long salt', { salt: new Uint8Array(17) }],
] as const) {
  test(`a file that asks for ${what} is refused before any work`, async () => {
    await assert.rejects(keyFromPassphrase('passphrase', { ...cheapest, ...change }), (error) =>
      isCoded(error, 'WALLET_KDF'),
    );
  });
}

test('a new cost lies within the limits and has a salt of its own', () => {
  const cost = newPassphraseCost();
  assert.ok(cost.memoryKiB >= passphraseLimits.minMemoryKiB);
  assert.ok(cost.passes >= passphraseLimits.minPasses);
  assert.notDeepEqual(cost.salt, newPassphraseCost().salt);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sealUnderKey } from '../../crypto/aead.ts';
import { randomBytes } from '../../crypto/random.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import { openRelease } from './release.ts';

const kibibyte = 1024;
/** What stands inside: a length, and `[place, byte]` in a plaintext of this size. */
for (const [what, size, length, written, expected] of [
  ['nothing, padded', 16 * kibibyte, 0, [], 'opened'],
  ['three bytes, padded', 16 * kibibyte, 3, [[4, 7]], 'opened'],
  ['all of the least size', 16 * kibibyte, 16 * kibibyte - 4, [], 'opened'],
  ['one byte in the padding', 16 * kibibyte, 3, [[16 * kibibyte - 1, 1]], 'CANNOT_OPEN'],
  ['twice the padding', 32 * kibibyte, 3, [], 'CANNOT_OPEN'],
  ['no power of two', 17 * kibibyte, 3, [], 'CANNOT_OPEN'],
  ['no padding', 7, 3, [], 'CANNOT_OPEN'],
  ['a length beyond the end', 16 * kibibyte, 16 * kibibyte - 3, [], 'CANNOT_OPEN'],
  ['the largest length', 16 * kibibyte, 2 ** 32 - 1, [], 'CANNOT_OPEN'],
  ['no room for a length', 3, undefined, [], 'CANNOT_OPEN'],
] as const) {
  test(`a release of ${what}: ${expected}`, async () => {
    const [key, enc, plain] = [randomBytes(32), randomBytes(1_120), new Uint8Array(size)];
    if (length !== undefined) new DataView(plain.buffer).setUint32(0, length);
    for (const [place, byte] of written) plain[place] = byte;
    const release = concatBytes(enc, await sealUnderKey(key, enc, plain));
    if (expected === 'opened') assert.equal((await openRelease(key, release)).length, length);
    else await assert.rejects(openRelease(key, release), { code: expected });
  });
}

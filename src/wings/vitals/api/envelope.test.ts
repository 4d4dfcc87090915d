import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../../primitives/bytes.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import { blobIdOf } from '../../../storage/blob-id.ts';
import { bareHashIn, bareHashOf } from './envelope.ts';
import { headIn, type PageManifest, pageManifest } from './page.ts';

test('a manifest has one bare hash, whether it is written anew or read as it travels', () => {
  const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte);
  const ids = ['one', 'two', 'three'].map((it) => blobIdOf(utf8(it)));
  for (const edges of [1, 23, 24, 255])
    for (const envelopes of [[], ids.slice(0, 1), ids]) {
      const manifest: PageManifest = {
        ...{ page: filled(16, 1), pseudonym: filled(16, 2), panel: 1, sequence: 2 ** 40 },
        ...{ startHour: 500_000, n: 64, nonce: filled(16, 3), edges, envelopes },
        parts: [filled(32, 4), filled(32, 5), filled(32, 6)],
        hashes: [filled(32, 7), filled(32, 8), filled(32, 9)],
      };
      const bytes = encodeAs(pageManifest, manifest);
      assert.deepEqual(bareHashIn(bytes, headIn(bytes)), bareHashOf(manifest));
    }
});

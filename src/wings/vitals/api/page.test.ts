import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '../../../primitives/bytes.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import { blobIdOf } from '../../../storage/blob-id.ts';
import { batchLeafContent, envelopeIn, keptHashIn, namesEnvelope } from './batch-leaf.ts';
import { headIn, type PageManifest, pageManifest } from './page.ts';

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte);
const ids = ['one', 'two', 'three'].map((it) => blobIdOf(utf8(it)));

function* manifests(): Iterable<PageManifest> {
  const widths = [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1];
  for (const sequence of [...widths, 2 ** 32, 2 ** 53 - 1])
    for (const startHour of widths)
      for (const small of [0, 23, 24, 255])
        yield {
          ...{ page: filled(16, 1), pseudonym: filled(16, 2), panel: small, sequence, startHour },
          ...{ n: Math.min(64, small), nonce: filled(16, 3), edges: 255 - small },
          envelopes: ids.slice(0, small % 4),
          parts: [filled(32, 4), filled(32, 5), filled(32, 6)],
          hashes: [filled(32, 7), filled(32, 8), filled(32, 9)],
        };
}

test('what binds a share to its page is read from a manifest as it is decoded, however wide its numbers are', () => {
  for (const manifest of manifests()) {
    const { page, nonce, n, panel, edges } = headIn(encodeAs(pageManifest, manifest));
    const { page: ofPage, nonce: ofNonce, n: ofN, panel: ofPanel, edges: ofEdges } = manifest;
    assert.deepEqual([page, nonce, n, panel, edges], [ofPage, ofNonce, ofN, ofPanel, ofEdges]);
  }
});

test('a leaf says the hashes of its page’s shares and the names of its envelopes, as many as there are', () => {
  for (const manifest of manifests()) {
    const leaf = batchLeafContent(encodeAs(pageManifest, manifest), manifest);
    for (const server of [1, 2, 3] as const) {
      assert.deepEqual(keptHashIn(leaf, server), manifest.hashes[server - 1]);
      const own = manifest.envelopes[server - 1];
      assert.equal(envelopeIn(leaf, server), own);
      for (const id of ids) assert.equal(namesEnvelope(leaf, server, id), id === own);
    }
  }
});

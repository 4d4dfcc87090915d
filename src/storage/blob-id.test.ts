import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBlockstore } from 'blockstore-core/memory';
import fc from 'fast-check';
import { importByteStream, importBytes } from 'ipfs-unixfs-importer';
import { fixedSize } from 'ipfs-unixfs-importer/chunker';
import { balanced } from 'ipfs-unixfs-importer/layout';
import { CID } from 'multiformats/cid';
import { concatBytes } from '../primitives/bytes.ts';
import { isCoded } from '../primitives/errors.ts';
import { parseBlobId } from '../primitives/ids.ts';
import {
  BlobHasher,
  blobIdOf,
  cidBytesOf,
  idOfCid,
  isLeafId,
  leafBytes,
  type TreeShape,
  treeOfLeaves,
} from './blob-id.ts';

const pattern = (bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + (i >> 8) * 7) & 255);

async function judged(bytes: Uint8Array, shape?: TreeShape) {
  const blocks = new MemoryBlockstore();
  const { cid } = await importBytes(bytes, blocks, {
    profile: 'unixfs-v1-2025',
    ...(shape && {
      chunker: fixedSize({ chunkSize: shape.leafBytes }),
      layout: balanced({ maxChildrenPerNode: shape.maxLinks }),
    }),
  });
  return { id: cid.toString(), blocks };
}

for (const bytes of [0, 1, leafBytes - 1, leafBytes, leafBytes + 1, 3 * leafBytes]) {
  test(`the id of ${bytes} bytes is the one ipfs-unixfs-importer gives`, async () => {
    const content = pattern(bytes);
    assert.equal(blobIdOf(content), (await judged(content)).id);
    assert.equal(isLeafId(blobIdOf(content)), bytes <= leafBytes);
  });
}

test('1,025 leaves of the profile make the root that ipfs-unixfs-importer makes', async () => {
  // 1 KiB leaves keep the width of the profile and the three levels, at a thousandth of the bytes.
  const shape = { leafBytes: 1024, maxLinks: 1024 };
  const small = pattern(1025 * 1024);
  assert.equal(blobIdOf(small, shape), (await judged(small, shape)).id);

  const leaf = pattern(leafBytes);
  const digest = cidBytesOf(blobIdOf(leaf)).subarray(4);
  const digests = concatBytes(...Array.from({ length: 1025 }, () => digest));
  const { id } = treeOfLeaves(digests, 1025 * leafBytes);
  assert.equal(id, 'bafybeidkhsgqiiowi2ajlywjwz5pcqed5d4bqwfet4oo3slamvbmghxqzi');
  // The importer said so once; it hashes a gigabyte for it, and says it again when there is time.
  if (process.env.SLOW === '1') assert.equal(id, await judgedByGigabyte(leaf));
});

async function judgedByGigabyte(leaf: Uint8Array): Promise<string> {
  async function* leaves(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 1025; i++) yield leaf;
  }
  const profile = 'unixfs-v1-2025';
  return (await importByteStream(leaves(), new MemoryBlockstore(), { profile })).cid.toString();
}

test('random trees have the id and the very blocks of ipfs-unixfs-importer', async () => {
  const shapes = fc.record({
    leafBytes: fc.integer({ min: 1, max: 9 }),
    maxLinks: fc.integer({ min: 2, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), shapes, async (bytes, shape) => {
      const tree = new BlobHasher(shape).update(bytes).finish();
      const judge = await judged(bytes, shape);
      assert.equal(tree.id, judge.id);
      for (const node of tree.nodes) {
        assert.ok(await judge.blocks.has(CID.parse(node.id)));
      }
    }),
    { numRuns: 60 },
  );
});

test('it does not matter in which pieces the bytes come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.integer({ min: 1, max: 16 }),
      (pieces, leaf) => {
        const shape = { leafBytes: leaf, maxLinks: 3 };
        const hasher = new BlobHasher(shape);
        for (const piece of pieces) {
          const reused = Uint8Array.from(piece);
          hasher.update(reused);
          reused.fill(0xee); // The caller may use its buffer again.
        }
        const tree = hasher.finish();
        const whole = concatBytes(...pieces);
        assert.equal(tree.id, blobIdOf(whole, shape));
        assert.equal(tree.bytes, whole.length);
      },
    ),
  );
});

test('a change of any byte, of the order of leaves or of the length changes the id', () => {
  const shape = { leafBytes: 4, maxLinks: 2 };
  const bytes = pattern(23);
  const id = blobIdOf(bytes, shape);
  for (let i = 0; i < bytes.length; i++) {
    const changed = Uint8Array.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    assert.notEqual(blobIdOf(changed, shape), id);
  }
  assert.notEqual(blobIdOf(bytes.subarray(0, 22), shape), id);
  assert.notEqual(
    blobIdOf(concatBytes(bytes.subarray(4, 8), bytes.subarray(0, 4), bytes.subarray(8)), shape),
    id,
  );
});

test('a list of digests that does not fit the length is refused: BLOB_MISMATCH', () => {
  const { leafDigests } = new BlobHasher().update(pattern(10)).finish();
  assert.equal(treeOfLeaves(leafDigests, 10).id, blobIdOf(pattern(10)));
  assert.throws(
    () => treeOfLeaves(leafDigests, leafBytes + 1),
    (error) => isCoded(error, 'BLOB_MISMATCH'),
  );
});

test('an id and its binary CID are the same thing, and other CIDs are refused: ID_FORMAT', () => {
  const id = blobIdOf(pattern(5));
  const cid = cidBytesOf(id);
  assert.equal(cid.length, 36);
  assert.equal(idOfCid(cid), id);
  for (const [at, value] of [
    [0, 0],
    [1, 0x71],
    [2, 0x13],
    [3, 0x21],
  ] as const) {
    const other = Uint8Array.from(cid);
    other[at] = value;
    assert.throws(
      () => idOfCid(other),
      (error) => isCoded(error, 'ID_FORMAT'),
    );
  }
  assert.throws(
    () => idOfCid(cid.subarray(0, 35)),
    (error) => isCoded(error, 'ID_FORMAT'),
  );
  assert.throws(
    () => parseBlobId(id.toUpperCase()),
    (error) => isCoded(error, 'ID_FORMAT'),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CarReader, CarWriter } from '@ipld/car';
import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import type { Code } from '../codes/index.ts';
import { concatBytes, equalBytes } from '../primitives/bytes.ts';
import { isCoded } from '../primitives/errors.ts';
import { blobIdOf, cidBytesOf, leafBytes } from './blob-id.ts';
import type { NamedBlob } from './blob-store.ts';
import { type CarLimits, decodeCar, encodeCar } from './car.ts';

const named = (bytes: Uint8Array): NamedBlob => ({ id: blobIdOf(bytes), bytes });
const three = [1, 200, 0].map((length) => named(new Uint8Array(length).fill(7)));

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

async function encoded(blobs: readonly NamedBlob[]): Promise<Uint8Array> {
  return concatBytes(...(await all(encodeCar(blobs))));
}

async function* pieces(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const decoded = (bytes: Uint8Array, limits?: CarLimits, size?: number) =>
  all(decodeCar(pieces(bytes, size), limits));

const refuses = (bytes: Uint8Array, code: Code, limits?: CarLimits) =>
  assert.rejects(decoded(bytes, limits), (error) => isCoded(error, code));

test('what was written is read again, in pieces of any size', async () => {
  const contents = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(contents, fc.integer({ min: 1, max: 99 }), async (list, size) => {
      const blobs = list.map(named);
      assert.deepEqual(await decoded(await encoded(blobs), {}, size), blobs);
    }),
  );
});

test('a blob of exactly 1 MiB travels, one byte more does not', async () => {
  const whole = named(new Uint8Array(leafBytes));
  assert.deepEqual(await decoded(await encoded([whole])), [whole]);
  await assert.rejects(encoded([named(new Uint8Array(leafBytes + 1))]), (error) =>
    isCoded(error, 'BODY_TOO_LARGE'),
  );
});

test('@ipld/car reads our stream and we read the one it writes', async () => {
  const reader = await CarReader.fromBytes(await encoded(three));
  const theirs = await all(reader.blocks());
  assert.deepEqual(
    theirs.map(({ cid, bytes }) => ({ id: cid.toString(), bytes: Uint8Array.from(bytes) })),
    three,
  );

  const { writer, out } = CarWriter.create([CID.parse(three[0]?.id ?? '')]);
  const written = all(out);
  for (const { id, bytes } of three) await writer.put({ cid: CID.parse(id), bytes });
  await writer.close();
  assert.deepEqual(await decoded(concatBytes(...(await written))), three);
});

test('a stream cut at any place yields a prefix of its blobs and then CAR_INVALID, or ends between two', async () => {
  const whole = await encoded(three);
  const ends = new Set<number>();
  for (let count = 0; count <= 3; count++) ends.add((await encoded(three.slice(0, count))).length);
  for (let length = 0; length < whole.length; length++) {
    const got: NamedBlob[] = [];
    let code: string | undefined;
    try {
      for await (const blob of decodeCar(pieces(whole.subarray(0, length)))) got.push(blob);
    } catch (error) {
      code = isCoded(error) ? error.code : 'other';
    }
    assert.deepEqual(got, three.slice(0, got.length));
    assert.equal(code, ends.has(length) ? undefined : 'CAR_INVALID', `cut at ${length}`);
  }
});

test('a change of any bit is refused or changes nothing that is used', async () => {
  const whole = await encoded(three);
  const headerBytes = (await encoded([])).length;
  for (let at = 0; at < whole.length; at++) {
    const changed = Uint8Array.from(whole);
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    try {
      assert.deepEqual(await decoded(changed), three);
      assert.ok(at < headerBytes, `byte ${at} counts`);
    } catch (error) {
      assert.ok(isCoded(error, 'CAR_INVALID') || isCoded(error, 'BLOB_MISMATCH'), `byte ${at}`);
    }
  }
});

test('bytes under a wrong id are refused by name: BLOB_MISMATCH', async () => {
  const id = blobIdOf(Uint8Array.of(1));
  const car = await encoded([{ id, bytes: Uint8Array.of(2) }]);
  await assert.rejects(
    decoded(car),
    (error) => isCoded(error, 'BLOB_MISMATCH') && error.details.blobId === id,
  );
});

const cid = cidBytesOf(blobIdOf(new Uint8Array(0)));
const dagPb = Uint8Array.from(cid, (byte, i) => (i === 1 ? 0x70 : byte));
for (const [name, section] of [
  ['a section that claims more than a leaf', [0xa5, 0x80, 0x40]],
  ['a section that claims 128 GiB', [0xff, 0xff, 0xff, 0xff, 0xff, 0x03]],
  ['a length that is not in its shortest form', [0xa4, 0x00, ...cid]],
  ['a section of length 0', [0]],
  ['a section without room for an id', [35, ...cid.subarray(0, 35)]],
  ['a dag-pb node', [36, ...dagPb]],
  ['a CIDv0', [36, 0x12, 0x20, ...cid.subarray(4), 0, 0]],
  ['an identity CID', [36, 1, 0x55, 0, 32, ...cid.subarray(4)]],
] as const) {
  test(`${name} is refused: CAR_INVALID`, async () => {
    await refuses(concatBytes(await encoded([]), Uint8Array.from(section)), 'CAR_INVALID');
  });
}

const text = (value: string) => [...new TextEncoder().encode(value)];
const roots = [0x65, ...text('roots'), 0x80];
const version = [0x67, ...text('version')];
for (const [name, header] of [
  ['of version 2', [0xa2, ...roots, ...version, 2]],
  ['without roots', [0xa1, ...version, 1]],
  ['with another field', [0xa3, 0x61, 0x78, 1, ...roots, ...version, 1]],
  ['that is not CBOR', [0xff, 1]],
  ['that is a number', [1]],
  ['with bytes behind it', [0xa2, ...roots, ...version, 1, 0]],
] as const) {
  test(`a header ${name} is refused: CAR_INVALID`, async () => {
    await refuses(Uint8Array.from([header.length, ...header]), 'CAR_INVALID');
  });
}

test('a header that claims more than 4 KiB is refused before it is read: CAR_INVALID', async () => {
  let asked = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(0x81, 0x20);
    for (;;) {
      asked += 1;
      yield new Uint8Array(1);
    }
  }
  await assert.rejects(all(decodeCar(endless())), (error) => isCoded(error, 'CAR_INVALID'));
  assert.equal(asked, 0);
});

test('the limits on number and bytes hold: BODY_TOO_LARGE', async () => {
  const car = await encoded(three);
  assert.equal((await decoded(car, { maxBlobs: 3, maxBytes: 201 })).length, 3);
  await refuses(car, 'BODY_TOO_LARGE', { maxBlobs: 2 });
  await refuses(car, 'BODY_TOO_LARGE', { maxBytes: 200 });
});

test('the source is read no further than the blobs that are taken, and is closed', async () => {
  const car = await encoded(three);
  let given = 0;
  let closed = false;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of pieces(car, 1)) {
        given += 1;
        yield piece;
      }
    } finally {
      closed = true;
    }
  }
  for await (const blob of decodeCar(counted())) {
    assert.ok(equalBytes(blob.bytes, Uint8Array.of(7)));
    break;
  }
  assert.equal(given, (await encoded(three.slice(0, 1))).length);
  assert.ok(closed);
});

test('random bytes never yield a blob that does not match its id', async () => {
  const header = await encoded([]);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
      try {
        for await (const blob of decodeCar(pieces(concatBytes(header, bytes)))) {
          assert.equal(blobIdOf(blob.bytes), blob.id);
        }
      } catch (error) {
        assert.ok(isCoded(error));
      }
    }),
  );
});

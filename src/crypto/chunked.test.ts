import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, utf8 } from '../primitives/bytes.ts';
import { isCoded } from '../primitives/errors.ts';
import {
  chunkBytes,
  openChunked,
  openChunkedRange,
  openChunkedStream,
  openedLength,
  sealChunked,
  sealChunkedStream,
  sealedLength,
} from './chunked.ts';
import { randomBytes } from './random.ts';

const cannotOpen = (error: unknown): boolean => isCoded(error, 'CANNOT_OPEN');
const key = randomBytes(32);
const context = utf8('context');
const mebibyte = 1024 * 1024;
/** Lengths around the ends of chunks and of the stream's blocks. */
const lengths = [
  0,
  1,
  16_383,
  16_384,
  16_385,
  32_768,
  mebibyte - 1,
  mebibyte,
  mebibyte + 1,
  2.5 * mebibyte,
];

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return concatBytes(...parts);
}

for (const length of lengths) {
  test(`${length} bytes open as they were sealed, at once, as a stream and across`, async () => {
    const plaintext = randomBytes(length);
    const whole = await sealChunked(key, context, plaintext);
    assert.equal(whole.length, sealedLength(length));
    assert.equal(openedLength(whole.length), length);
    assert.deepEqual(await openChunked(key, context, whole), plaintext);
    const stream = await collect(sealChunkedStream(key, context, pieces(plaintext, 100_003)));
    assert.equal(stream.length, sealedLength(length));
    assert.deepEqual(await openChunked(key, context, stream), plaintext);
    for (const size of [1_000, 70_001, 5 * mebibyte]) {
      const opened = await collect(openChunkedStream(key, context, pieces(whole, size)));
      assert.deepEqual(opened, plaintext);
    }
  });
}

const sample = randomBytes(2 * mebibyte + 40_000);
const sealed = await sealChunked(key, context, sample);
const changed = (at: number): Uint8Array => {
  const copy = sealed.slice();
  copy[at] = (copy[at] ?? 0) ^ 0x80;
  return copy;
};

test('a given buffer is written from its start, and the rest of it left alone', async () => {
  const out = new Uint8Array(sealed.length + 10).fill(7);
  const written = await sealChunked(key, context, sample, out);
  assert.equal(written.buffer, out.buffer);
  assert.deepEqual(out.subarray(sealed.length), new Uint8Array(10).fill(7));
  const opened = new Uint8Array(sample.length);
  assert.deepEqual(await openChunked(key, context, written, opened), sample);
  assert.deepEqual(opened, sample);
});

test('another key, another context, any changed byte: one failure', async () => {
  const wrong: readonly (readonly [Uint8Array, Uint8Array, Uint8Array])[] = [
    [randomBytes(32), context, sealed],
    [key.subarray(1), context, sealed],
    [key, utf8('contexts'), sealed],
    [key, context, changed(0)],
    [key, context, changed(30)],
    [key, context, changed(56)],
    [key, context, changed(1_000_000)],
    [key, context, changed(sealed.length - 1)],
  ];
  for (const input of wrong) {
    await assert.rejects(openChunked(...input), cannotOpen);
    const [otherKey, otherContext, bytes] = input;
    const stream = openChunkedStream(otherKey, otherContext, pieces(bytes, 65_536));
    await assert.rejects(collect(stream), cannotOpen);
  }
});

test('cut anywhere, also at the end of a chunk or block, it does not open', async () => {
  const step = chunkBytes + 16;
  const cuts = [0, 1, 55, 56, 71, 72, 56 + step, 56 + 64 * step, 56 + 65 * step, sealed.length - 1];
  for (const cut of cuts) {
    const part = sealed.subarray(0, cut);
    await assert.rejects(openChunked(key, context, part), cannotOpen, `whole, ${cut}`);
    const stream = openChunkedStream(key, context, pieces(part, 65_536));
    await assert.rejects(collect(stream), cannotOpen, `stream, ${cut}`);
  }
});

test('chunks that change places or come twice do not open', async () => {
  const step = chunkBytes + 16;
  const chunk = (i: number) => sealed.subarray(56 + i * step, 56 + (i + 1) * step);
  const head = sealed.subarray(0, 56);
  const rest = sealed.subarray(56 + 2 * step);
  await assert.rejects(
    openChunked(key, context, concatBytes(head, chunk(1), chunk(0), rest)),
    cannotOpen,
  );
  await assert.rejects(
    openChunked(key, context, concatBytes(head, chunk(0), chunk(0), rest)),
    cannotOpen,
  );
  await assert.rejects(openChunked(key, context, concatBytes(sealed, chunk(0))), cannotOpen);
});

test('a stream gives nothing of a chunk that fails, and nothing after it', async () => {
  const given: Uint8Array[] = [];
  await assert.rejects(async () => {
    const bad = 56 + 64 * (chunkBytes + 16) + 20_000;
    const source = pieces(changed(bad), 65_536);
    for await (const part of openChunkedStream(key, context, source)) given.push(part);
  }, cannotOpen);
  assert.deepEqual(concatBytes(...given), sample.subarray(0, mebibyte));
});

const source = (bytes: Uint8Array, reads: number[] = []) => ({
  length: bytes.length,
  read: async (offset: number, length: number) => {
    reads.push(length);
    return bytes.subarray(offset, offset + length);
  },
});

test('a range is what the whole has there', async () => {
  const range = fc
    .tuple(fc.nat(sample.length), fc.nat(100_000))
    .map(([from, length]) => ({ from, length: Math.min(length, sample.length - from) }));
  await fc.assert(
    fc.asyncProperty(range, async ({ from, length }) => {
      const reads: number[] = [];
      const opened = await openChunkedRange(key, context, source(sealed, reads), { from, length });
      assert.deepEqual(opened, sample.subarray(from, from + length));
      assert.ok((reads[1] ?? 0) <= length + 2 * (chunkBytes + 16) + 16 * (length / chunkBytes));
    }),
    { numRuns: 50 },
  );
});

test('the last byte, and nothing at the very end, can be asked for', async () => {
  const last = { from: sample.length - 1, length: 1 };
  assert.deepEqual(await openChunkedRange(key, context, source(sealed), last), sample.subarray(-1));
  const end = { from: sample.length, length: 0 };
  assert.equal((await openChunkedRange(key, context, source(sealed), end)).length, 0);
});

test('a range beyond the end, of a wrong number, or of changed bytes does not open', async () => {
  for (const range of [
    { from: sample.length, length: 1 },
    { from: -1, length: 2 },
    { from: 0, length: -1 },
    { from: 0.5, length: 1 },
    { from: 0, length: Number.NaN },
    { from: Number.MAX_SAFE_INTEGER, length: 1 },
  ]) {
    await assert.rejects(openChunkedRange(key, context, source(sealed), range), cannotOpen);
  }
  const range = { from: 20_000, length: 10 };
  const open = (bytes: Uint8Array) => openChunkedRange(key, context, source(bytes), range);
  await assert.rejects(open(changed(56 + chunkBytes + 16 + 5)), cannotOpen);
  await assert.rejects(open(changed(30)), cannotOpen);
  const short = { ...source(sealed), read: async () => sealed.subarray(0, 56) };
  await assert.rejects(openChunkedRange(key, context, short, range), cannotOpen);
});

test('no whole has a length that no plaintext gives', () => {
  for (const length of [0, 56, 71, 56 + 16_400, 56 + 16_415, -1, 1.5, Number.NaN]) {
    assert.equal(openedLength(length), undefined, String(length));
  }
});

import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { Code } from '../codes/index.ts';
import { concatBytes } from '../primitives/bytes.ts';
import { isCoded } from '../primitives/errors.ts';
import { blobIdOf } from './blob-id.ts';
import { type BlobStore, maxReadBytes, unanchoredMs } from './blob-store.ts';
import { decodeCar, encodeCar } from './car.ts';

export interface ContractOptions {
  readonly now: () => number;
  readonly quotaBytesOf: (owner: string) => number;
}

/** Opens an empty store and closes it after the test. */
export type OpenForTest = (test: TestContext, options: ContractOptions) => Promise<BlobStore>;

export const kib = 1024;
export const mib = 1024 * kib;
const sizes = [0, 1, 5000, 256 * kib, 256 * kib + 1, mib - 1, mib, mib + 1, 3 * mib + 5];

/** Bytes that differ by seed and by place. */
export function sample(bytes: number, seed = 0): Uint8Array {
  const content = new Uint8Array(bytes);
  let state = seed * 2654435761 + bytes + 1;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    content[i] = state >>> 16;
  }
  return content;
}

export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

export const rejectsWith = (promise: Promise<unknown>, code: Code) =>
  assert.rejects(promise, (error) => {
    assert.ok(isCoded(error, code), `expected ${code}, got ${String(error)}`);
    return true;
  });

export async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return concatBytes(...all);
}

const ana = 'account-of-ana';
const bob = 'account-of-bob';

/** What every blob store does; an adapter starts by passing this. */
export function describeBlobStore(name: string, open: OpenForTest): void {
  const opened = (t: TestContext, options: Partial<ContractOptions> = {}) =>
    open(t, { now: () => 0, quotaBytesOf: () => 1024 * mib, ...options });

  describe(`${name} as a blob store`, () => {
    for (const bytes of sizes) {
      test(`${bytes} bytes come back the same, put whole or in pieces`, async (t) => {
        const store = await opened(t);
        const content = sample(bytes);
        const id = blobIdOf(content);
        assert.equal(await store.has(id), false);
        assert.deepEqual(await store.put(content, { owner: ana }), { id, bytes });
        assert.equal(await store.has(id), true);
        assert.equal(await store.size(id), bytes);
        assert.deepEqual(await store.read(id), content);
        assert.deepEqual(await joined(store.readStream(id)), content);
        const again = store.put(inPieces(content, 70_001), { owner: bob, expectedId: id });
        assert.deepEqual(await again, { id, bytes });
        assert.deepEqual(await store.total(), { blobs: 1, bytes });
      });

      test(`${bytes} bytes under another id are refused and leave nothing: BLOB_MISMATCH`, async (t) => {
        const store = await opened(t);
        const expectedId = blobIdOf(sample(10, 99));
        const put = store.put(sample(bytes), { owner: ana, expectedId });
        await assert.rejects(put, (error) => {
          return isCoded(error, 'BLOB_MISMATCH') && error.details.blobId === expectedId;
        });
        assert.deepEqual(await store.total(), { blobs: 0, bytes: 0 });
        assert.equal((await store.usage(ana)).bytes, 0);
      });
    }

    test('any range of a small and of a large blob is that part of it', async (t) => {
      const store = await opened(t);
      for (const content of [sample(3000), sample(2 * mib + 77)]) {
        const { id } = await store.put(content, { owner: ana });
        const place = fc.integer({ min: 0, max: content.length });
        await fc.assert(
          fc.asyncProperty(place, place, async (a, b) => {
            const [from, to] = a < b ? [a, b] : [b, a];
            assert.deepEqual(await store.read(id, { from, to }), content.subarray(from, to));
          }),
          {
            numRuns: 25,
            examples: [
              [0, 0],
              [content.length, content.length],
              [mib - 1, mib + 1].map((n) => Math.min(n, content.length)) as [number, number],
            ],
          },
        );
        for (const [from, to] of [
          [-1, 1],
          [2, 1],
          [0, content.length + 1],
          [content.length + 1, content.length + 1],
          [0.5, 1],
          [Number.NaN, 1],
        ] as const) {
          await rejectsWith(store.read(id, { from, to }), 'BLOB_RANGE');
          await rejectsWith(joined(store.readStream(id, { from, to })), 'BLOB_RANGE');
        }
      }
    });

    test('a read in one piece ends at 64 MiB: BODY_TOO_LARGE', async (t) => {
      const store = await opened(t);
      const zeros = new Uint8Array(mib);
      async function* many(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < 65; i++) yield zeros;
      }
      const { id } = await store.put(many(), { owner: ana });
      await rejectsWith(store.read(id), 'BODY_TOO_LARGE');
      const from = mib - 5;
      assert.equal((await store.read(id, { from, to: from + 10 })).length, 10);
      assert.equal(maxReadBytes, 64 * mib);
    });

    test('what is not there is unknown: BLOB_UNKNOWN', async (t) => {
      const store = await opened(t);
      const id = blobIdOf(sample(7));
      await rejectsWith(store.size(id), 'BLOB_UNKNOWN');
      await rejectsWith(store.read(id), 'BLOB_UNKNOWN');
      await rejectsWith(joined(store.readStream(id)), 'BLOB_UNKNOWN');
      assert.equal(await store.delete(id, ana), false);
    });

    test('a source that fails leaves nothing, and its error comes through', async (t) => {
      const store = await opened(t);
      for (const bytes of [100, 2 * mib]) {
        async function* failing(): AsyncGenerator<Uint8Array> {
          yield sample(bytes);
          throw new TypeError('the line broke');
        }
        await assert.rejects(store.put(failing(), { owner: ana }), TypeError);
      }
      assert.deepEqual(await store.total(), { blobs: 0, bytes: 0 });
      assert.equal((await store.usage(ana)).bytes, 0);
    });

    test('the caller may use its buffer again before the put is done', async (t) => {
      const store = await opened(t);
      const buffer = sample(500);
      const id = blobIdOf(buffer);
      const put = store.put(buffer, { owner: ana });
      buffer.fill(0);
      await put;
      assert.equal(blobIdOf(await store.read(id)), id);
    });

    for (const bytes of [400, 300 * kib]) {
      test(`${bytes} bytes of two owners stay until both have let go`, async (t) => {
        const store = await opened(t);
        const content = sample(bytes);
        const { id } = await store.put(content, { owner: ana });
        await store.put(content, { owner: bob });
        await store.put(content, { owner: bob });
        assert.deepEqual(await store.total(), { blobs: 1, bytes });
        assert.deepEqual((await store.usage(bob)).bytes, bytes);
        assert.equal(await store.delete(id, ana), true);
        assert.equal(await store.delete(id, ana), false);
        assert.deepEqual(await store.read(id), content);
        assert.equal((await store.usage(ana)).bytes, 0);
        assert.equal(await store.delete(id, bob), true);
        assert.equal(await store.has(id), false);
        await rejectsWith(store.read(id), 'BLOB_UNKNOWN');
        assert.deepEqual(await store.total(), { blobs: 0, bytes: 0 });
        await store.put(content, { owner: ana });
        assert.deepEqual(await store.read(id), content);
      });

      test(`the quota counts ${bytes} bytes once per owner: QUOTA_EXCEEDED`, async (t) => {
        const store = await opened(t, {
          quotaBytesOf: (owner) => (owner === ana ? 2 * bytes : 10 * bytes),
        });
        const first = await store.put(sample(bytes, 1), { owner: ana });
        await store.put(sample(bytes, 2), { owner: ana });
        await rejectsWith(store.put(sample(bytes, 3), { owner: ana }), 'QUOTA_EXCEEDED');
        await store.put(sample(bytes, 1), { owner: ana, expectedId: first.id });
        await store.put(sample(bytes, 3), { owner: bob });
        const usage = await store.usage(ana);
        assert.deepEqual(usage, { blobs: 2, bytes: 2 * bytes, quotaBytes: 2 * bytes });
        await store.delete(first.id, ana);
        await store.put(sample(bytes, 3), { owner: ana });
        assert.equal(await store.has(blobIdOf(sample(bytes, 1))), false);
      });
    }

    test('a stream beyond the quota is not read to its end: QUOTA_EXCEEDED', async (t) => {
      const store = await opened(t, { quotaBytesOf: () => mib });
      let given = 0;
      async function* long(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < 64; i++) {
          given += 1;
          yield sample(64 * kib, given);
        }
      }
      const refused = () => rejectsWith(store.put(long(), { owner: ana }), 'QUOTA_EXCEEDED');
      await Promise.all([refused(), refused()]);
      assert.ok(given <= 40, `${given} pieces were taken`);
      assert.deepEqual(await store.usage(ana), { blobs: 0, bytes: 0, quotaBytes: mib });
    });

    test('what is not anchored goes after 24 hours, per owner, and what is anchored stays', async (t) => {
      let nowMs = 1_000;
      const store = await opened(t, { now: () => nowMs });
      const [kept, left, shared] = [sample(300, 1), sample(300, 2), sample(400 * kib, 3)];
      for (const content of [kept, left, shared]) await store.put(content, { owner: ana });
      await store.put(shared, { owner: bob });
      const unknown = blobIdOf(sample(9, 9));
      const marked = [blobIdOf(kept), unknown, blobIdOf(shared)];
      assert.deepEqual(await store.markAnchored(marked, ana), [unknown]);
      assert.deepEqual(await store.markAnchored([blobIdOf(left)], bob), [blobIdOf(left)]);

      nowMs = 1_000 + unanchoredMs;
      assert.deepEqual(await store.collect({ nowMs: nowMs - 1 }), { blobs: 0, bytes: 0 });
      assert.deepEqual(await store.collect({ nowMs }), { blobs: 1, bytes: 300 });
      assert.equal(await store.has(blobIdOf(left)), false);
      assert.deepEqual(await store.read(blobIdOf(shared)), shared);
      assert.equal((await store.usage(bob)).blobs, 0);
      assert.equal((await store.usage(ana)).blobs, 2);
      assert.deepEqual(await store.collect({ nowMs: 2 * nowMs }), { blobs: 0, bytes: 0 });
    });

    test('sending an unanchored blob again begins its 24 hours anew', async (t) => {
      let nowMs = 0;
      const store = await opened(t, { now: () => nowMs });
      await store.put(sample(10), { owner: ana });
      nowMs = unanchoredMs - 1;
      await store.put(sample(10), { owner: ana });
      assert.equal((await store.collect({ nowMs: unanchoredMs })).blobs, 0);
      assert.equal((await store.collect({ nowMs: 2 * unanchoredMs })).blobs, 1);
    });

    test('more claims than one transaction takes are anchored and collected all', async (t) => {
      const store = await opened(t);
      const contents = Array.from({ length: 1_203 }, (_, i) => sample(8, i));
      const named = contents.map((bytes) => ({ id: blobIdOf(bytes), bytes }));
      await store.putMany(named, { owner: ana });
      const ids = named.map(({ id }) => id);
      assert.deepEqual(await store.markAnchored(ids.slice(0, 600), ana), []);
      assert.equal((await store.collect({ nowMs: unanchoredMs })).blobs, 603);
      assert.equal((await store.total()).blobs, 600);
    });

    test('many blobs arrive through one CAR stream', async (t) => {
      const store = await opened(t);
      const named = Array.from({ length: 900 }, (_, i) => sample(1 + i * 5, i))
        .concat(sample(mib), sample(300 * kib))
        .map((bytes) => ({ id: blobIdOf(bytes), bytes }));
      const stored = await store.putMany(decodeCar(encodeCar(named)), { owner: ana });
      assert.deepEqual(
        stored,
        named.map(({ id, bytes }) => ({ id, bytes: bytes.length })),
      );
      for (const { id, bytes } of named) assert.deepEqual(await store.read(id), bytes);
      assert.equal((await store.usage(ana)).blobs, named.length);
    });

    test('of many blobs a wrong or too large one is refused: BLOB_MISMATCH, BODY_TOO_LARGE', async (t) => {
      const store = await opened(t);
      const id = blobIdOf(sample(5, 1));
      await rejectsWith(
        store.putMany([{ id, bytes: sample(5, 2) }], { owner: ana }),
        'BLOB_MISMATCH',
      );
      const large = sample(mib + 1);
      await rejectsWith(
        store.putMany([{ id: blobIdOf(large), bytes: large }], { owner: ana }),
        'BODY_TOO_LARGE',
      );
      assert.equal((await store.total()).blobs, 0);
    });

    test('an owner without a name, or with too long a one, is refused: ID_FORMAT', async (t) => {
      const store = await opened(t);
      for (const owner of ['', 'a'.repeat(129)]) {
        await rejectsWith(store.put(sample(1), { owner }), 'ID_FORMAT');
      }
    });

    test('the signal ends a put, also one whose source hangs: INTERRUPTED', async (t) => {
      const store = await opened(t);
      await rejectsWith(
        store.put(sample(1), { owner: ana, signal: AbortSignal.abort() }),
        'INTERRUPTED',
      );
      for (const bytes of [1, 400 * kib]) {
        const control = new AbortController();
        async function* hanging(): AsyncGenerator<Uint8Array> {
          yield sample(bytes);
          queueMicrotask(() => control.abort());
          await new Promise(() => {});
        }
        const put = store.put(hanging(), { owner: ana, signal: control.signal });
        await rejectsWith(put, 'INTERRUPTED');
      }
      assert.deepEqual(await store.total(), { blobs: 0, bytes: 0 });
    });

    test('the signal ends a read and a walk: INTERRUPTED', async (t) => {
      const store = await opened(t);
      const { id } = await store.put(sample(3 * mib), { owner: ana });
      const control = new AbortController();
      const reading = async () => {
        for await (const piece of store.readStream(id, { signal: control.signal })) {
          assert.equal(piece.length, mib);
          control.abort();
        }
      };
      await rejectsWith(reading(), 'INTERRUPTED');
      await rejectsWith(store.verify({ signal: control.signal }), 'INTERRUPTED');
    });

    test('a reader who stops early, and one whose blob is deleted, harm nobody', async (t) => {
      const store = await opened(t);
      const content = sample(3 * mib);
      const { id } = await store.put(content, { owner: ana });
      for await (const piece of store.readStream(id)) {
        assert.equal(piece.length, mib);
        break;
      }
      const pieces: Uint8Array[] = [];
      for await (const piece of store.readStream(id)) {
        if (pieces.length === 0) await store.delete(id, ana);
        pieces.push(piece);
      }
      assert.deepEqual(concatBytes(...pieces), content);
      assert.equal(await store.has(id), false);
    });

    test('hundreds of puts at once, many of the same bytes, are all kept and counted', async (t) => {
      const store = await opened(t);
      const contents = Array.from({ length: 60 }, (_, i) =>
        sample(i % 9 === 0 ? 300 * kib : 900, i),
      );
      const puts = Array.from({ length: 480 }, (_, i) => {
        const content = contents[i % 60] ?? sample(0);
        const owner = i % 2 === 0 ? ana : bob;
        return store.put(i % 3 === 0 ? inPieces(content, 50_000) : content, { owner });
      });
      await Promise.all(puts);
      const bytes = contents.reduce((sum, content) => sum + content.length, 0);
      assert.deepEqual(await store.verify(), { blobs: 60, bytes });
      assert.deepEqual(await store.total(), { blobs: 60, bytes });
      const counted = [await store.usage(ana), await store.usage(bob)];
      assert.equal((counted[0]?.bytes ?? 0) + (counted[1]?.bytes ?? 0), bytes);
    });

    test('whatever is done in whatever order, the store says what a list of claims says', async (t) => {
      const contents = [0, 1, 2, 3].map((seed) => sample(seed === 3 ? 257 * kib : 50 + seed, seed));
      const owner = fc.constantFrom(ana, bob);
      const which = fc.integer({ min: 0, max: 3 });
      const step = fc.oneof(
        fc.record({ act: fc.constant('put' as const), owner, which }),
        fc.record({ act: fc.constant('delete' as const), owner, which }),
        fc.record({ act: fc.constant('anchor' as const), owner, which }),
        fc.record({ act: fc.constant('collect' as const), owner, which }),
      );
      let nowMs = 0;
      const store = await opened(t, { now: () => nowMs });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const claims = new Map<string, { putMs: number; isAnchored: boolean }>();
          const done: Promise<unknown>[] = [];
          for (const { act, owner: by, which: at } of steps) {
            nowMs += unanchoredMs / 3;
            const content = contents[at] ?? sample(0);
            const id = blobIdOf(content);
            const key = `${by}/${at}`;
            const claim = claims.get(key);
            if (act === 'put') {
              await store.put(content, { owner: by });
              claims.set(key, { putMs: nowMs, isAnchored: claim?.isAnchored ?? false });
            } else if (act === 'delete') {
              done.push(store.delete(id, by));
              claims.delete(key);
            } else if (act === 'anchor') {
              await store.markAnchored([id], by);
              if (claim) claims.set(key, { ...claim, isAnchored: true });
            } else {
              await store.collect({ nowMs });
              for (const [name, { putMs, isAnchored }] of claims) {
                if (!isAnchored && putMs <= nowMs - unanchoredMs) claims.delete(name);
              }
            }
          }
          await Promise.all(done);
          for (const [at, content] of contents.entries()) {
            const id = blobIdOf(content);
            const held = [ana, bob].some((by) => claims.has(`${by}/${at}`));
            assert.equal(await store.has(id), held);
            if (held) assert.deepEqual(await store.read(id), content);
          }
          for (const by of [ana, bob]) {
            const held = [...claims.keys()].filter((key) => key.startsWith(by)).length;
            assert.equal((await store.usage(by)).blobs, held);
            for (const content of contents) await store.delete(blobIdOf(content), by);
          }
          assert.deepEqual(await store.total(), { blobs: 0, bytes: 0 });
        }),
        { numRuns: 25 },
      );
    });

    test('after close nothing is taken: STORE_BUSY', async (t) => {
      const store = await opened(t);
      const put = store.put(sample(20), { owner: ana });
      const large = store.put(inPieces(sample(600 * kib), 10_000), { owner: ana });
      await Promise.all([put, large]);
      await store.close();
      await rejectsWith(store.put(sample(1), { owner: ana }), 'STORE_BUSY');
      await store.close();
    });
  });
}

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { isCoded } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { blobIdOf } from '../blob-id.ts';
import { inPieces, kib, mib, rejectsWith, sample } from '../blob-store.contract.ts';
import type { BlobStore } from '../blob-store.ts';
import { type FaultPoint, faultPoints } from './faults.ts';
import { type FileBlobStoreOptions, openFileBlobStore } from './file-blob-store.ts';

const ana = 'account-of-ana';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'salus-crash-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Also closes before the folder goes. */
function opened(
  t: TestContext,
  folder: string,
  options: Partial<FileBlobStoreOptions> = {},
): BlobStore {
  const store = openFileBlobStore({ folder, now: () => 0, ...options });
  t.after(() => store.close());
  return store;
}

/** What the outside knows: `present` and `absent` were acknowledged, the rest may be either. */
interface Known {
  readonly present: Set<BlobId>;
  readonly absent: Set<BlobId>;
}

const small = Array.from({ length: 6 }, (_, i) => sample(700 + i, i));
const [first, second, , fourth] = small as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
/** Files of their own; the middle one has two leaves. */
const [large, larger, other] = [
  sample(300 * kib, 10),
  sample(mib + 9, 11),
  sample(400 * kib, 12),
] as const;

/** Puts, deletes and mends, side by side and one after the other; faults are the store's to report. */
async function work(store: BlobStore, known: Known): Promise<void> {
  const put = async (bytes: Uint8Array) => {
    const id = blobIdOf(bytes);
    known.absent.delete(id);
    await store.put(bytes.length > mib ? inPieces(bytes, 100_000) : bytes, { owner: ana });
    known.present.add(id);
  };
  const drop = async (bytes: Uint8Array) => {
    const id = blobIdOf(bytes);
    known.present.delete(id);
    await store.delete(id, ana);
    known.absent.add(id);
  };
  const all = (steps: Promise<void>[]) => Promise.allSettled(steps);
  await all([...small.slice(0, 3), large, larger].map(put));
  await all([drop(first), put(fourth), drop(large)]);
  await all([put(large), put(other), drop(second)]);
  await all([...small.slice(4), larger].map(put));
}

async function check(store: BlobStore, { present, absent }: Known): Promise<void> {
  for (const id of present) {
    assert.ok(await store.has(id), `${id} was acknowledged`);
    await store.read(id);
  }
  for (const id of absent) assert.equal(await store.has(id), false, `${id} was deleted`);
  const verified = await store.verify();
  assert.deepEqual(verified, await store.total());
  assert.deepEqual((await store.usage(ana)).blobs, verified.blobs);
}

/** Of every kind of step the first and the last, and when it may take long one in the middle; the work is looked at once. */
let occurrences: ReadonlyMap<FaultPoint, readonly number[]>;
before(async () => {
  const seen = new Map<FaultPoint, number>();
  const folder = mkdtempSync(join(tmpdir(), 'salus-crash-'));
  const faultPoint = (point: FaultPoint) => seen.set(point, (seen.get(point) ?? 0) + 1);
  const store = openFileBlobStore({ folder, now: () => 0, faultPoint });
  await work(store, { present: new Set(), absent: new Set() });
  await store.close();
  rmSync(folder, { recursive: true });
  occurrences = new Map(
    [...seen].map(([point, count]) => {
      const middle = process.env.SLOW === '1' ? [(count >> 1) + 1] : [];
      return [point, [...new Set([1, ...middle, count])]];
    }),
  );
});

for (const point of faultPoints) {
  test(`killed at ${point}, the store has all that it acknowledged and no half blob`, async (t) => {
    const counts = occurrences.get(point);
    assert.ok(counts, 'the work passes this step');
    for (const nth of counts) {
      const folder = folderFor(t);
      const frozen = folderFor(t);
      const known: Known = { present: new Set(), absent: new Set() };
      const atKill: Known = { present: new Set(), absent: new Set() };
      let passed = 0;
      const store = opened(t, folder, {
        faultPoint: (at) => {
          passed += at === point ? 1 : 0;
          if (at !== point || passed !== nth) return;
          // The files as a killed process leaves them: the kernel keeps what was written.
          cpSync(folder, frozen, { recursive: true });
          for (const id of known.present) atKill.present.add(id);
          for (const id of known.absent) atKill.absent.add(id);
        },
      });
      await work(store, known);
      const again = opened(t, frozen);
      await check(again, atKill);
      const parts = readdirSync(join(frozen, 'files')).filter((name) => name.endsWith('.part'));
      assert.deepEqual(parts, []);
      await work(again, { present: new Set(), absent: new Set() });
      await again.verify();
      await again.close();
    }
  });

  test(`a fault at ${point} is answered by a code, and the store goes on`, async (t) => {
    for (const nth of occurrences.get(point) ?? []) {
      const folder = folderFor(t);
      let passed = 0;
      let isFull = true;
      const store = opened(t, folder, {
        faultPoint: (at) => {
          passed += at === point ? 1 : 0;
          if (at === point && passed >= nth && isFull) {
            throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
          }
        },
      });
      const known: Known = { present: new Set(), absent: new Set() };
      await work(store, known);
      await check(store, known);
      isFull = false;
      const content = sample(333 * kib, 77);
      await store.put(content, { owner: ana });
      await store.put(sample(5, 78), { owner: ana });
      assert.deepEqual(await store.read(blobIdOf(content)), content);
      await store.close();
      await check(opened(t, folder), known);
    }
  });
}

for (const [point, bytes] of [
  ['upload:open', 300 * kib],
  ['upload:write', 300 * kib],
  ['upload:sync', 300 * kib],
  ['commit:rename', 300 * kib],
  ['commit:folder', 300 * kib],
  ['commit:begin', 10],
  ['commit:row', 10],
  ['commit:commit', 10],
] as const) {
  test(`no room at ${point} is answered by DISK_FULL and leaves no bytes behind`, async (t) => {
    const folder = folderFor(t);
    let isFull = true;
    const store = opened(t, folder, {
      faultPoint: (at) => {
        if (at === point && isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      },
    });
    const put = () => store.put(sample(bytes), { owner: ana });
    await rejectsWith(put(), 'DISK_FULL');
    assert.deepEqual(await store.total(), { blobs: 0, bytes: 0 });
    assert.equal((await store.usage(ana)).bytes, 0);
    assert.deepEqual(readdirSync(join(folder, 'files')), []);
    isFull = false;
    await put();
    assert.equal((await store.verify()).bytes, bytes);
  });
}

test('a table that is full answers DISK_FULL, keeps what it has, and takes more after a delete', async (t) => {
  const store = opened(t, folderFor(t), { maxPages: 60 });
  const kept: BlobId[] = [];
  let code: string | undefined;
  for (let i = 0; code === undefined; i++) {
    try {
      kept.push((await store.put(sample(20_000, i), { owner: ana })).id);
    } catch (error) {
      code = isCoded(error) ? error.code : String(error);
    }
  }
  assert.equal(code, 'DISK_FULL');
  assert.ok(kept.length >= 5);
  assert.equal((await store.verify()).blobs, kept.length);
  const [first] = kept;
  assert.ok(first !== undefined && (await store.delete(first, ana)));
  await store.put(sample(20_000, 999), { owner: ana });
  assert.deepEqual(await store.total(), { blobs: kept.length, bytes: kept.length * 20_000 });
});

test('a large blob is flushed, named, its folder flushed and its row written before it is acknowledged', async (t) => {
  const order: string[] = [];
  const store = opened(t, folderFor(t), { faultPoint: (point) => order.push(point) });
  await store.put(sample(300 * kib), { owner: ana });
  order.push('acknowledged');
  const steps = order.filter((step, i) => step !== order[i - 1]);
  assert.deepEqual(steps, [
    'upload:open',
    'upload:write',
    'upload:sync',
    'commit:begin',
    'commit:rename',
    'commit:row',
    'commit:folder',
    'commit:commit',
    'commit:done',
    'acknowledged',
  ]);
});

test('puts that wait share one transaction', async (t) => {
  let commits = 0;
  const store = opened(t, folderFor(t), {
    faultPoint: (point) => {
      commits += point === 'commit:commit' ? 1 : 0;
    },
  });
  await Promise.all(
    Array.from({ length: 500 }, (_, i) => store.put(sample(50, i), { owner: ana })),
  );
  assert.equal(commits, 1);
});

test('more than may wait is refused at once, and what was taken is kept: STORE_BUSY', async (t) => {
  const store = opened(t, folderFor(t), {
    maxWaiting: 10,
    maxWaitingBytes: 5_000,
    uploadsOf: () => 2,
  });
  const outcomes = async (puts: Promise<unknown>[]) => {
    const settled = await Promise.allSettled(puts);
    for (const one of settled) {
      if (one.status === 'rejected') assert.ok(isCoded(one.reason, 'STORE_BUSY'));
    }
    return settled.filter(({ status }) => status === 'fulfilled').length;
  };
  const many = (count: number, bytes: number) =>
    Array.from({ length: count }, (_, i) => store.put(sample(bytes, i), { owner: ana }));
  assert.equal(await outcomes(many(25, 100)), 10);
  assert.equal(await outcomes(many(25, 1_000)), 5);
  assert.equal(await outcomes(many(4, 300 * kib)), 2);
  assert.equal((await store.verify()).blobs, 17);
});

test('what a crash left in the folder is swept away, and nothing else', async (t) => {
  const folder = folderFor(t);
  const first = opened(t, folder);
  const { id } = await first.put(sample(300 * kib), { owner: ana });
  await first.close();
  const files = join(folder, 'files');
  writeFileSync(join(files, '7.part'), 'half');
  writeFileSync(join(files, blobIdOf(sample(3))), 'named, but without a row');
  writeFileSync(join(files, 'README'), 'not ours');
  const again = opened(t, folder);
  assert.deepEqual(readdirSync(files).sort(), ['README', id].sort());
  await again.verify();
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { blobIdOf } from './blob-id.ts';
import { kib, mib, type OpenForTest, rejectsWith, sample } from './blob-store.contract.ts';
import { unanchoredMs, wholeOf } from './blob-store.ts';

const writer = 'account-of-writer';
const chart = 'account-of-chart';
const grant = `${chart}:first`;
const other = `${chart}:second`;
const everybody = [writer, chart, grant, other];

/** Who claims what, and how claims change hands, of every blob store. */
export function describeClaims(name: string, open: OpenForTest): void {
  const anyQuota = { now: () => 0, quotaBytesOf: () => 1024 * mib };

  describe(`${name}, claims`, () => {
    for (const bytes of [300, 300 * kib]) {
      test(`a claim on ${bytes} bytes that was handed over is the heir’s alone`, async (t) => {
        const store = await open(t, anyQuota);
        const { id } = await store.put(sample(bytes), { owner: writer });
        assert.deepEqual(await store.handOver([id, id], { from: writer, to: grant }), []);
        assert.deepEqual(
          await Promise.all(everybody.map((owner) => store.hasClaim(id, owner))),
          everybody.map((owner) => owner === grant),
        );
        assert.equal((await store.usage(writer)).bytes, 0);
        assert.equal((await store.usage(grant)).bytes, bytes);
        // Once more, by who has nothing any more: the heir has it.
        assert.deepEqual(await store.handOver([id], { from: writer, to: grant }), []);
        assert.deepEqual(await store.handOver([id], { from: writer, to: other }), [id]);
        assert.deepEqual(await store.read(id), sample(bytes));
      });
    }

    test('an anchored claim stays beside that of the heir, and each ends by itself', async (t) => {
      const store = await open(t, anyQuota);
      const { id } = await store.put(sample(30), { owner: writer });
      await store.markAnchored([id], writer);
      await store.handOver([id], { from: writer, to: grant });
      assert.deepEqual(
        [await store.hasClaim(id, writer), await store.hasClaim(id, grant)],
        [true, true],
      );
      await store.delete(id, grant);
      assert.equal(await store.has(id), true);
    });

    test('who claims nothing hands nothing over, and then none of what was named with it', async (t) => {
      const store = await open(t, anyQuota);
      const { id } = await store.put(sample(30), { owner: writer });
      const { id: foreign } = await store.put(sample(31), { owner: chart });
      const missing = blobIdOf(sample(32));
      const ids = [id, foreign, missing];
      assert.deepEqual(await store.handOver(ids, { from: writer, to: grant }), [foreign, missing]);
      assert.equal(await store.hasClaim(id, grant), false);
      assert.equal(await store.hasClaim(id, writer), true);
    });

    test('what is handed over waits for its anchor anew', async (t) => {
      let nowMs = 0;
      const store = await open(t, { ...anyQuota, now: () => nowMs });
      const { id } = await store.put(sample(30), { owner: chart });
      nowMs = unanchoredMs - 1;
      await store.handOver([id], { from: chart, to: chart });
      assert.equal((await store.collect({ nowMs: unanchoredMs })).blobs, 0);
      assert.equal((await store.collect({ nowMs: 2 * unanchoredMs })).blobs, 1);
    });

    test('the heir’s quota decides, and that of the whole of which he is a part: QUOTA_EXCEEDED', async (t) => {
      const quotas = new Map([
        [grant, 250],
        [other, 250],
        [`${chart}:`, 350],
      ]);
      const quotaBytesOf = (owner: string) => quotas.get(owner) ?? 10_000;
      const store = await open(t, { now: () => 0, quotaBytesOf });
      const ids: ReturnType<typeof blobIdOf>[] = [];
      for (const seed of [1, 2, 3, 4, 5]) {
        ids.push((await store.put(sample(100, seed), { owner: writer })).id);
      }
      const [a, b, c, d, e] = ids;
      assert.ok(a && b && c && d && e);
      const give = (to: string, ...given: typeof ids) =>
        store.handOver(given, { from: writer, to });
      await rejectsWith(give(grant, a, b, c), 'QUOTA_EXCEEDED');
      assert.equal(await store.hasClaim(a, grant), false, 'nothing was written');
      assert.deepEqual(await give(grant, a, b), []);
      assert.deepEqual(await give(other, c), []);
      await rejectsWith(give(other, d), 'QUOTA_EXCEEDED');
      // The chart’s owner has a quota that nobody else uses up.
      assert.deepEqual(await give(chart, d, e), []);
      await store.delete(a, grant);
      await store.put(sample(100, 6), { owner: writer });
      assert.deepEqual(await give(other, blobIdOf(sample(100, 6))), []);
    });

    test('what no anchor has named ends at once, all of an owner’s or what is named', async (t) => {
      const store = await open(t, anyQuota);
      const contents = Array.from({ length: 1_100 }, (_, seed) => sample(20, seed));
      const ids = contents.map((content) => blobIdOf(content));
      const named = contents.map((bytes) => ({ id: blobIdOf(bytes), bytes }));
      await store.putMany(named, { owner: grant });
      await store.markAnchored(ids.slice(0, 3), grant);
      await store.endUnanchored(grant, ids.slice(0, 6));
      assert.equal((await store.total()).blobs, 1_097);
      await store.endUnanchored(other);
      await store.endUnanchored(grant);
      assert.equal((await store.total()).blobs, 3);
      assert.equal((await store.usage(`${chart}:`)).blobs, 3);
    });

    test('whatever is brought, handed over, anchored and ended, a list of claims says the same', async (t) => {
      const contents = [0, 1, 2].map((seed) => sample(seed === 2 ? 257 * kib : 40 + seed, seed));
      const owner = fc.constantFrom(...everybody);
      const step = fc.record({
        act: fc.constantFrom('put', 'give', 'anchor', 'end', 'delete'),
        owner,
        to: owner,
        at: fc.integer({ min: 0, max: 2 }),
      });
      const store = await open(t, anyQuota);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
          /** `owner/place`: whether it is anchored. */
          const claims = new Map<string, boolean>();
          for (const { act, owner: by, to, at } of steps) {
            const content = contents[at] ?? sample(0);
            const id = blobIdOf(content);
            const [mine, heirs] = [`${by}/${at}`, `${to}/${at}`];
            if (act === 'put') {
              await store.put(content, { owner: by });
              claims.set(mine, claims.get(mine) ?? false);
            } else if (act === 'give') {
              const isHeld = claims.has(mine) || claims.has(heirs);
              const unknown = await store.handOver([id], { from: by, to });
              assert.deepEqual(unknown, isHeld ? [] : [id]);
              if (isHeld) claims.set(heirs, claims.get(heirs) ?? false);
              if (isHeld && mine !== heirs && claims.get(mine) === false) claims.delete(mine);
            } else if (act === 'anchor') {
              await store.markAnchored([id], by);
              if (claims.has(mine)) claims.set(mine, true);
            } else if (act === 'end') {
              await store.endUnanchored(by, [id]);
              if (claims.get(mine) === false) claims.delete(mine);
            } else {
              await store.delete(id, by);
              claims.delete(mine);
            }
          }
          for (const [at, content] of contents.entries()) {
            const id = blobIdOf(content);
            const held = everybody.filter((by) => claims.has(`${by}/${at}`));
            assert.equal(await store.has(id), held.length > 0);
            for (const by of everybody) {
              assert.equal(await store.hasClaim(id, by), held.includes(by));
            }
          }
          const count = (is: (by: string) => boolean) =>
            [...claims.keys()].filter((key) => is(key.split('/')[0] ?? '')).length;
          for (const by of everybody) {
            assert.equal(
              (await store.usage(by)).blobs,
              count((it) => it === by),
            );
          }
          const parts = await store.usage(`${chart}:`);
          assert.equal(
            parts.blobs,
            count((it) => wholeOf(it) === `${chart}:`),
          );
          for (const by of everybody) {
            for (const content of contents) await store.delete(blobIdOf(content), by);
          }
        }),
        { numRuns: 40 },
      );
    });
  });
}

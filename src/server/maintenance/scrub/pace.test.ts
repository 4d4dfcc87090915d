import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

/** Pieces of work of so long each; while it waits, as much of them again as `meanwhile` says is done by other threads. */
async function paced(pieces: readonly number[], meanwhile = 0) {
  let [cpuMs, nowMs, rests, most] = [0, 0, 0, 0];
  const pace = new Pace(0.05, new AbortController().signal, {
    cpuMs: () => cpuMs,
    nowMs: () => nowMs,
    waitFor: async (ms) => {
      nowMs += ms;
      cpuMs += meanwhile;
      rests += 1;
    },
  });
  for (const ms of pieces) {
    nowMs += ms;
    cpuMs += ms;
    most = Math.max(most, cpuMs - 0.05 * nowMs);
    await pace.rest();
  }
  return { share: cpuMs / nowMs, rests, most };
}
const of = (ms: number) => Array.from({ length: 5_000 }, () => ms);

for (const ms of [0.01, 0.7, 3, 19, 70, 4_000])
  test(`with pieces of ${ms} ms it takes a twentieth of a core, and at no time more than one of them above it`, async () => {
    const { share, most } = await paced(of(ms));
    assert.ok(share <= 0.05, String(share));
    assert.ok(share > 0.045 || ms * 5_000 < 100, String(share));
    assert.ok(most <= ms + 1e-6, String(most));
  });

test('what other threads of the process do while it waits is of its share', async () => {
  const { share } = await paced(of(2), 4);
  assert.ok(share <= 0.05 && share > 0.045, String(share));
});

test('small pieces of work are gathered', async () => {
  const { rests } = await paced(of(0.5));
  assert.ok(rests < 200, String(rests));
});

test('who is told to stop is not kept waiting', async () => {
  const stopping = new AbortController();
  let workedMs = 0;
  const pace = new Pace(0.05, stopping.signal, { cpuMs: () => workedMs });
  workedMs = 1e6;
  const resting = pace.rest();
  stopping.abort();
  await resting;
});

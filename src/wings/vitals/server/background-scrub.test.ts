import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackgroundScrub, scrubTurnMs } from './background-scrub.ts';

/** Turns of an hour, each step of it so long. */
async function anHour(percent: number, stepMs: number, jumpMs = 0): Promise<number> {
  let nowMs = 0;
  let worked = 0;
  const tampering = {
    background: async (mostMs: number) => {
      const steps = Math.max(1, Math.ceil(mostMs / stepMs));
      nowMs += steps * stepMs;
      worked += steps * stepMs;
      return steps * stepMs;
    },
  };
  const scrub = new BackgroundScrub(tampering, percent, () => nowMs);
  while (nowMs < 3_600_000) {
    nowMs += scrubTurnMs;
    await scrub.turn();
    if (jumpMs !== 0 && worked < 100) nowMs += jumpMs;
  }
  return worked / 3_600_000;
}

for (const [percent, stepMs] of [
  [5, 0.5],
  [2, 1],
  [5, 700],
  [1, 40],
] as const)
  test(`a scrub of ${percent} per cent takes no more of a core, with steps of ${stepMs} ms`, async () => {
    const share = await anHour(percent, stepMs);
    assert.ok(share <= (percent / 100) * 1.02, String(share));
    assert.ok(share >= (percent / 100) * 0.5, String(share));
  });

test('of nothing nothing is taken, and a machine that slept an hour has not saved it up', async () => {
  assert.equal(await anHour(0, 1), 0);
  assert.ok((await anHour(5, 1, 600_000)) < 0.05);
});

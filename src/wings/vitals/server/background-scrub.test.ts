import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackgroundScrub, scrubTurnMs } from './background-scrub.ts';

/**
 * Turns of an hour, each step of it so long; what is taken of a core. `besides`: of each millisecond of a turn what is done for
 * it once it is over, or after so many turns (`every`); `busyMs`: what is done for others meanwhile.
 */
async function anHour(
  percent: number,
  stepMs: number,
  { jumpMs = 0, besides = 0, busyMs = 0, every = 1 } = {},
): Promise<number> {
  let nowMs = 0;
  let worked = 0;
  let others = 0;
  let owed = 0;
  let turns = 0;
  const tampering = {
    background: async (mostMs: number) => {
      const steps = Math.max(1, Math.ceil(mostMs / stepMs));
      nowMs += steps * stepMs;
      worked += steps * stepMs;
      return steps * stepMs;
    },
  };
  const clock = { nowMs: () => nowMs, cpuMs: () => worked + others };
  const scrub = new BackgroundScrub(tampering, percent, clock);
  while (nowMs < 3_600_000) {
    nowMs += scrubTurnMs;
    owed += besides * (await scrub.turn());
    others += busyMs;
    if (++turns % every !== 0) continue;
    others += owed;
    owed = 0;
    if (jumpMs !== 0 && worked < 100) nowMs += jumpMs;
  }
  return (worked * (1 + besides)) / 3_600_000;
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
  assert.ok((await anHour(5, 1, { jumpMs: 600_000 })) < 0.05);
});

test('what is done for it when a turn is over is of its share, and what is done for others takes half of it at most', async () => {
  for (const besides of [0.3, 0.9]) {
    const share = await anHour(5, 1, { besides, every: 8 });
    assert.ok(share <= 0.051 && share >= 0.03, String(share));
  }
  const share = await anHour(5, 1, { busyMs: 2 * scrubTurnMs });
  assert.ok(share >= 0.02 && share <= 0.03, String(share));
});

import assert from 'node:assert/strict';

const factor = 8;
/** Below this a garbage collection decides. */
const leastMs = 10;

/**
 * Holds work on eight times as much to less than three times eight times the CPU time: what compares each with each, or
 * begins anew for each, takes sixty-four times. No time of a clock is asserted, so a slow or busy machine changes nothing.
 */
export function assertGrowsAlong(size: number, work: (size: number) => void): void {
  work(size);
  const small = cpuMs(() => work(size));
  const large = cpuMs(() => work(size * factor));
  const times = large / Math.max(small, leastMs);
  assert.ok(times < 3 * factor, `${factor} times as much takes ${times.toFixed(1)} times as long`);
}

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

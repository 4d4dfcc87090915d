import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from './pace.ts';

test('of all the time that passes a twentieth is work, and small pieces of work are gathered', async () => {
  let workedMs = 0;
  let waitedMs = 0;
  const pace = new Pace(0.05, new AbortController().signal, {
    cpuMs: () => workedMs,
    waitFor: async (ms) => {
      waitedMs += ms;
    },
  });
  for (const ms of [5, 5, 5, 30, 100, 1]) {
    workedMs += ms;
    await pace.rest();
  }
  assert.equal(Math.round(waitedMs), 19 * 145);
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

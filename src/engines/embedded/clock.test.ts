import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockGuard, maxAbsenceMs, maxAheadMs, maxBehindMs } from './clock.ts';

const start = 1_700_000_000_000;
const minute = 60_000;

function guard(acceptClock = false) {
  const at = { now: start, up: 5000 };
  const sources = { now: () => at.now, uptimeMs: () => at.up };
  return { at, clock: new ClockGuard(sources, acceptClock) };
}

for (const [name, lastMs, expected] of [
  ['a ledger without blocks', undefined, 'right'],
  ['a block just now', start, 'right'],
  ['a clock 60 s behind', start + maxBehindMs, 'right'],
  ['a clock more than 60 s behind', start + maxBehindMs + 1, 'CLOCK_BEHIND'],
  ['400 days of absence', start - maxAbsenceMs, 'right'],
  ['more than 400 days of absence', start - maxAbsenceMs - 1, 'CLOCK_AHEAD'],
] as const) {
  test(`at start, ${name}: ${expected}`, () => {
    assert.equal(guard().clock.look(lastMs), expected);
  });
}

test('more than 400 days of absence are believed when the operator says so', () => {
  assert.equal(guard(true).clock.look(start - maxAbsenceMs - 1), 'right');
});

test('a clock that jumps ahead by more than ten minutes is not believed until it is right again', () => {
  const { at, clock } = guard();
  assert.equal(clock.look(start), 'right');
  clock.believe(start);
  at.up += minute;
  at.now = start + minute + maxAheadMs;
  assert.equal(clock.look(start), 'right');
  at.now += 1;
  assert.equal(clock.look(start), 'CLOCK_AHEAD');
  at.now = start + 2 * minute;
  assert.equal(clock.look(start), 'right');
});

test('a machine that slept for a day is not taken for a jump', () => {
  const { at, clock } = guard();
  clock.look(start);
  clock.believe(start);
  at.now += 24 * 60 * minute;
  at.up += 24 * 60 * minute;
  assert.equal(clock.look(start), 'right');
});

test('a clock that is set right after a start without it does not count as a jump', () => {
  const { at, clock } = guard();
  const last = start - 3 * 24 * 60 * minute;
  at.now = 0;
  assert.equal(clock.look(last), 'CLOCK_BEHIND');
  at.now = start;
  at.up += 1000;
  assert.equal(clock.look(last), 'right');
});

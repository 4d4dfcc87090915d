import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chosenCauses } from '../api/causes.ts';
import { type Choice, noCode } from '../api/choice.ts';
import {
  channelPauseMs,
  digestMs,
  firstTryAtMs,
  judge,
  longestPauseMs,
  pausesMs,
  retryAtMs,
} from './rules.ts';

const hour = 60 * 60_000;
const at = (hours: number) => 20_000 * 24 * hour + hours * hour;
const choice = (change: Partial<Choice> = {}): Choice => ({
  counter: 1,
  channel: 'mail',
  address: 'ana@example.org',
  language: 'en',
  quietFrom: 22 * 60,
  quietUntil: 7 * 60,
  zoneMinutes: 720,
  secret: new Uint8Array(0),
  causes: ['look', 'freeze'],
  known: chosenCauses.length,
  code: noCode,
  ...change,
});

for (const [name, cause, change, hours, expected] of [
  ['a look at noon', 'look', {}, 12, 'send'],
  ['a look at eleven at night', 'look', {}, 23, 'quiet until 7'],
  ['a look at three at night', 'look', {}, 3, 'quiet until 7'],
  ['a look when the quiet hours begin', 'look', {}, 22, 'quiet until 7'],
  ['a look when they end', 'look', {}, 7, 'send'],
  [
    'a look at night, of who has no quiet hours',
    'look',
    { quietFrom: 0, quietUntil: 0 },
    3,
    'send',
  ],
  ['a look at night in Tokyo, where it is noon', 'look', { zoneMinutes: 720 + 9 * 60 }, 3, 'send'],
  [
    'a look at noon, where it is night',
    'look',
    { zoneMinutes: 720 - 11 * 60 },
    12,
    'quiet until 18',
  ],
  ['a freeze at night', 'freeze', {}, 3, 'send'],
  ['what was not chosen', 'refusal', {}, 12, 'unwanted'],
  ['the letter that she asked for, at night', 'test', { causes: [] }, 3, 'send'],
] as const) {
  test(`${name}: ${expected}`, () => {
    const verdict = judge(cause, choice(change), at(hours));
    const told =
      verdict.kind === 'quiet'
        ? `quiet until ${((verdict.untilMs / hour) % 24) + (verdict.untilMs < at(0) ? 24 : 0)}`
        : verdict.kind;
    assert.equal(told, expected);
  });
}

test('quiet hours end within a day, and at their end it is not quiet', () => {
  const minute = fc.integer({ min: 0, max: 1_439 });
  fc.assert(
    fc.property(
      minute,
      minute,
      fc.integer({ min: 0, max: 1_560 }),
      fc.nat(),
      (from, until, zone, ms) => {
        const held = choice({ quietFrom: from, quietUntil: until, zoneMinutes: zone });
        const verdict = judge('look', held, ms);
        if (verdict.kind !== 'quiet') return;
        assert.ok(verdict.untilMs > ms && verdict.untilMs - ms <= 24 * hour);
        assert.equal(judge('look', held, verdict.untilMs).kind, 'send');
      },
    ),
  );
});

test('a letter that is put off again and again is given up after eight pauses, two days and some', () => {
  const tries = pausesMs.map((_, at) => retryAtMs(at + 1, 0));
  assert.deepEqual(tries, pausesMs);
  assert.equal(retryAtMs(pausesMs.length + 1, 0), undefined);
  assert.ok(Math.max(...pausesMs) <= longestPauseMs);
});

for (const [name, lastMs, expected] of [
  ['the first of its kind goes at once', undefined, 0],
  ['the next goes an hour after it', -10 * 60_000, 50 * 60_000],
  ['long after it, at once', -2 * hour, 0],
  ['a clock that was set back delays by an hour at most', 900 * hour, digestMs],
] as const) {
  test(name, () => {
    const now = at(0);
    const last = lastMs === undefined ? undefined : now + lastMs;
    assert.equal(firstTryAtMs(last, now), now + expected);
  });
}

test('a relay that is down is tried again after one second, then two, and at least every five minutes', () => {
  assert.deepEqual([1, 2, 3].map(channelPauseMs), [1_000, 2_000, 4_000]);
  assert.equal(channelPauseMs(1_000), 5 * 60_000);
});

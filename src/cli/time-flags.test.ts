import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCoded } from '../primitives/errors.ts';
import { when } from './format.ts';
import { parseMoment } from './time-flags.ts';
import { minutesBeforeUtc } from './zoned-time.ts';

const nowMs = Date.parse('2026-01-31T10:20:30Z');
const iso = (text: string, zone = 'UTC') =>
  new Date(parseMoment('--until', text, { nowMs, zone })).toISOString().slice(0, 19);

for (const [text, zone, expected] of [
  ['+90s', 'UTC', '2026-01-31T10:22:00'],
  ['+30min', 'UTC', '2026-01-31T10:50:30'],
  ['+12h', 'UTC', '2026-01-31T22:20:30'],
  ['+7d', 'UTC', '2026-02-07T11:00:00'],
  ['+2w', 'UTC', '2026-02-14T11:00:00'],
  ['+1mo', 'UTC', '2026-02-28T11:00:00'],
  ['+3mo', 'UTC', '2026-04-30T11:00:00'],
  ['+1y', 'UTC', '2027-01-31T11:00:00'],
  // Summer time begins between: the clock on the wall shows the same hour.
  ['+3mo', 'Europe/Zurich', '2026-04-30T10:00:00'],
  ['2026-12-24', 'UTC', '2026-12-24T00:00:00'],
  ['2026-12-24', 'America/New_York', '2026-12-24T05:00:00'],
  ['2026-07-24', 'America/New_York', '2026-07-24T04:00:00'],
  ['2026-12-24T10:00', 'America/New_York', '2026-12-24T15:00:00'],
  ['2026-12-24T10:00Z', 'America/New_York', '2026-12-24T10:00:00'],
  ['2026-12-24T10:00+05:30', 'America/New_York', '2026-12-24T04:30:00'],
  // An hour that the clocks leave out, and one that comes twice.
  ['2026-03-29T02:30', 'Europe/Zurich', '2026-03-29T01:30:00'],
  ['2026-10-25T02:30', 'Europe/Zurich', '2026-10-25T00:30:00'],
] as const) {
  test(`${text} in ${zone} is ${expected} UTC`, () => assert.equal(iso(text, zone), expected));
}

for (const text of [
  '+1m',
  '+30m',
  '2w',
  'soon',
  '24.12.2026',
  '2026-02-30',
  '2026-12-24T25:00',
  '+1x',
  '',
]) {
  test(`"${text}" is no time`, () => {
    assert.throws(
      () => iso(text),
      (error) => isCoded(error, 'USAGE'),
    );
  });
}

test('+1m is told to be a minute to some and a month to others', () => {
  assert.throws(
    () => iso('+1m'),
    (error: unknown) => isCoded(error) && /\+1min or \+1mo/.test(String(error.details.problem)),
  );
});

for (const [zone, date, expected] of [
  ['UTC', '2026-07-01T12:00Z', 0],
  ['Europe/Zurich', '2026-01-15T12:00Z', 60],
  ['Europe/Zurich', '2026-07-15T12:00Z', 120],
  // The hour in which clocks are put forward, and the minute before.
  ['Europe/Zurich', '2026-03-29T00:59Z', 60],
  ['Europe/Zurich', '2026-03-29T01:00Z', 120],
  ['America/New_York', '2026-07-15T12:00:59.999Z', -240],
  ['Asia/Kathmandu', '2026-01-15T23:59Z', 345],
  ['Pacific/Kiritimati', '2026-12-31T12:00Z', 840],
  ['Etc/GMT+12', '2027-01-01T00:00Z', -720],
] as const)
  test(`a clock in ${zone} at ${date} is ${expected} minutes before UTC`, () =>
    assert.equal(minutesBeforeUtc(Date.parse(date), zone), expected));

test('a time is shown by the clock here, with its zone', () => {
  const ms = Date.parse('2026-12-24T05:00:00Z');
  assert.equal(when(ms, 'UTC'), '2026-12-24 05:00 UTC');
  assert.equal(when(ms, 'America/New_York'), '2026-12-24 00:00 EST');
});

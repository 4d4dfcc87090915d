import assert from 'node:assert/strict';
import test from 'node:test';
import { momentOf } from './clinical-date.ts';

for (const [date, moment] of [
  ['2019', '2019-01-01T00:00:00.000Z'],
  ['2019-05', '2019-05-01T00:00:00.000Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ['2020-02-29T24:00:00+14:00', '2020-02-29T10:00:00.000Z'],
  ['2021-06-01T10:00:00-03:30', '2021-06-01T13:30:00.000Z'],
  ['0001-01-01', '0001-01-01T00:00:00.000Z'],
  ['2021-13-45', '2021-01-01T00:00:00.000Z'],
  ['1965-04-00', '1965-04-01T00:00:00.000Z'],
] as const) {
  test(`${date} stands in a list at ${moment}`, () => {
    assert.equal(new Date(momentOf(date) ?? Number.NaN).toISOString().replace('+00', ''), moment);
  });
}

test('what is no date stands nowhere', () => assert.equal(momentOf('in spring'), undefined));

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToHex, concatBytes, u32be } from '../../../../primitives/bytes.ts';
import { drawn } from '../../test/settings/pages.ts';
import { digestOfDays } from '../stores/page-selection.ts';
import type { DaySums } from '../stores/page-store.ts';
import { PeopleOfPieces } from './people-of-pieces.ts';

/** Names that differ in their last bytes alone, so that many of them meet in a table. */
const nameOf = (who: number): Uint8Array => concatBytes(new Uint8Array(12), u32be(who * 65_536));
const digestOf = (piece: number, who: number): Uint8Array => drawn('digest', `${piece} ${who}`);

function pieceOf(day: number, who: readonly number[]): DaySums {
  const column = (of: (it: number) => Uint8Array) => concatBytes(...who.map(of));
  return {
    ...{ day, batch: day, patients: column(nameOf), digests: column((it) => digestOf(day, it)) },
    counts: column((it) => concatBytes(u32be(it + 1), u32be(64 * it))),
    rolls: new Uint8Array(0),
  };
}

test('thousands of people, some each day, have what a list of each says', () => {
  const all = Array.from({ length: 3_000 }, (_, at) => (at * 7) % 3_000);
  const days = [all, [...all].reverse(), all.filter((it) => it % 3 === 0), [2_999, 4_000]];
  const people = new PeopleOfPieces(days.map((who, day) => pieceOf(day, who)));
  const expected = [...new Set(days.flat())]
    .sort((a, b) => a - b)
    .map((who) => {
      const on = days.flatMap((ofDay, day) => (ofDay.includes(who) ? [day] : []));
      return {
        ...{ name: bytesToHex(nameOf(who)), patient: nameOf(who) },
        ...{ pages: on.length * (who + 1), readings: on.length * 64 * who },
        digest: digestOfDays(concatBytes(...on.map((day) => digestOf(day, who)))),
      };
    });
  const rising = people.rising();
  assert.equal(people.size, expected.length);
  assert.deepEqual(
    rising.map(({ place: _, ...it }) => ({ ...it, patient: Uint8Array.from(it.patient) })),
    expected,
  );
  for (const [day, who] of days.entries()) {
    const placeOf = new Map(rising.map(({ name, place }) => [name, place]));
    const places = who.map((it) => placeOf.get(bytesToHex(nameOf(it))));
    assert.deepEqual([...people.placesIn(day)], places);
  }
});

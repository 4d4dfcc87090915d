import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keptOf, type StandingCopy } from './retention.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const noon = (day: number) => 1_000 * dayMs + day * dayMs + 12 * hourMs;

interface Written {
  readonly atMs: number;
  readonly key?: string;
  readonly isBefore?: boolean;
}

/** Copies as they follow each other: the first of each key is one. */
function copiesOf(written: readonly Written[]): StandingCopy[] {
  const keys = new Set<string>();
  return written.map(({ atMs, key = 'owner', isBefore = false }, at) => {
    const isFirst = !keys.has(key);
    keys.add(key);
    return { serial: at + 1, writtenMs: atMs, isFirst, isBefore };
  });
}

const keptAt = (written: readonly Written[], nowMs: number, recoveredMs = 0) =>
  Object.fromEntries(keptOf(copiesOf(written), { nowMs, recoveredMs }));

const cases: readonly [string, readonly Written[], number, Record<number, string>, number?][] = [
  ['one copy, however old', [{ atMs: noon(0) }], noon(900), { 1: 'whole' }],
  [
    'of a day the last; the first of its key as a head',
    [{ atMs: noon(0) }, { atMs: noon(0) + 1 }, { atMs: noon(0) + 2 }],
    noon(0) + 3,
    { 1: 'head', 3: 'whole' },
  ],
  [
    'the last of a day that is over, whole',
    [{ atMs: noon(0) }, { atMs: noon(1) }, { atMs: noon(1) + 1 }, { atMs: noon(2) }],
    noon(2),
    { 1: 'whole', 3: 'whole', 4: 'whole' },
  ],
  [
    'thirty days long',
    [{ atMs: noon(0) }, { atMs: noon(1) }, { atMs: noon(2) }],
    noon(31),
    { 1: 'head', 2: 'whole', 3: 'whole' },
  ],
  [
    'and no longer',
    [{ atMs: noon(0) }, { atMs: noon(1) }, { atMs: noon(2) }],
    noon(32),
    { 1: 'head', 3: 'whole' },
  ],
  [
    'what stood for weeks is kept for thirty days after it was replaced',
    [{ atMs: noon(0) }, { atMs: noon(1) }, { atMs: noon(60) }, { atMs: noon(60) + 1 }],
    noon(89),
    { 1: 'head', 2: 'whole', 4: 'whole' },
  ],
  [
    'the first of a key of before a recovery, within thirty days of it',
    [
      { atMs: noon(0), isBefore: true },
      { atMs: noon(0) + 1, key: 'thief', isBefore: true },
      { atMs: noon(0) + 2, key: 'new' },
    ],
    noon(29),
    { 1: 'head', 2: 'head', 3: 'whole' },
    noon(0),
  ],
  [
    'not after them',
    [
      { atMs: noon(0), isBefore: true },
      { atMs: noon(0) + 1, key: 'thief', isBefore: true },
      { atMs: noon(0) + 2, key: 'new' },
    ],
    noon(30),
    { 3: 'whole' },
    noon(0),
  ],
  [
    'unless no copy stands that was written since',
    [
      { atMs: noon(0), isBefore: true },
      { atMs: noon(0) + 1, key: 'thief', isBefore: true },
      { atMs: noon(0) + 2, isBefore: true },
    ],
    noon(40),
    { 1: 'head', 2: 'head', 3: 'whole' },
    noon(0),
  ],
];
for (const [what, written, nowMs, kept, recoveredMs] of cases) {
  test(`kept is ${what}`, () => assert.deepEqual(keptAt(written, nowMs, recoveredMs), kept));
}

/** Some weeks of somebody's writing: hours between one copy and the next, and under which of his keys. */
const history = (keys: readonly string[]) =>
  fc.array(fc.record({ hours: fc.integer({ min: 0, max: 200 }), key: fc.constantFrom(...keys) }), {
    minLength: 1,
    maxLength: 40,
  });

function timesOf(steps: readonly { hours: number; key: string }[], fromMs: number): Written[] {
  let atMs = fromMs;
  return steps.map(({ hours, key }) => {
    atMs += hours * hourMs + 1;
    return { atMs, key };
  });
}

test('whatever a thief writes, for 30 days what was kept before his day is there, and the first of every honest key', () => {
  const property = fc.property(
    history(['owner', 'renewed']),
    history(['owner', 'renewed', 'thief', 'thief 2']),
    fc.integer({ min: 0, max: 60 * 24 }),
    fc.integer({ min: 0, max: 29 * 24 }),
    (owners, thiefs, idleHours, laterHours) => {
      const before = timesOf(owners, noon(0));
      const dawnMs = Math.ceil(((before.at(-1)?.atMs ?? 0) + 1) / dayMs) * dayMs;
      const comesMs = dawnMs + idleHours * hourMs;
      const nowMs = comesMs + laterHours * hourMs;
      const since = timesOf(thiefs, comesMs).filter(({ atMs }) => atMs <= nowMs);
      const untouched = keptAt(before, comesMs);
      const kept = keptAt([...before, ...since], nowMs);
      for (const { serial, writtenMs, isFirst } of copiesOf(before)) {
        // Without him it would be kept as long, or was replaced by its owner too long ago.
        const alone = keptAt(before, nowMs)[serial];
        if (alone === 'whole') assert.equal(kept[serial], 'whole', `serial ${serial} ${writtenMs}`);
        if (isFirst) assert.ok(kept[serial] !== undefined, `first ${serial}`);
      }
      const newest = before.length;
      assert.equal(untouched[newest], 'whole');
      assert.equal(kept[newest], 'whole', 'what stood when he came');
    },
  );
  fc.assert(property, { numRuns: process.env.SLOW === '1' ? 20_000 : 500 });
});

test('letting go bit by bit keeps what letting go at once keeps', () => {
  const property = fc.property(history(['owner', 'renewed']), (steps) => {
    const all = timesOf(steps, noon(0));
    let standing: StandingCopy[] = [];
    for (const copy of copiesOf(all)) {
      const nowMs = copy.writtenMs;
      const kept = keptOf(standing, { nowMs, recoveredMs: 0 });
      standing = [...standing.filter(({ serial }) => kept.has(serial)), copy];
    }
    const nowMs = all.at(-1)?.atMs ?? 0;
    assert.deepEqual(
      Object.fromEntries(keptOf(standing, { nowMs, recoveredMs: 0 })),
      keptAt(all, nowMs),
    );
  });
  fc.assert(property, { numRuns: 500 });
});

test('never more than the newest, one a day and one a key', () => {
  const property = fc.property(history(['a', 'b', 'c', 'd']), (steps) => {
    const written = timesOf(steps, noon(0));
    const kept = keptAt(written, written.at(-1)?.atMs ?? 0);
    const whole = Object.values(kept).filter((as) => as === 'whole');
    assert.ok(whole.length <= 31);
    assert.ok(Object.keys(kept).length <= 31 + 4);
  });
  fc.assert(property, { numRuns: 500 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isCoded } from '../../primitives/errors.ts';
import { consentIdOf } from '../../primitives/ids.ts';
import { historyOf, maxScheduled, planSchedule } from './schedule.ts';

const consent = (n: number) => consentIdOf(new Uint8Array(16).fill(n));
const [a, b] = [consent(1), consent(2)];
const grant = (id: typeof a, notBeforeMs: number, notAfterMs: number) => ({
  consent: id,
  notBeforeMs,
  notAfterMs,
});
const now = 1_000;

for (const [name, grants, marginMs, expected] of [
  ['nobody: one epoch from now for nobody', [], 0, [[0, []]]],
  [
    'a grant that lives: from now with him, at his end without',
    [grant(a, 0, 2_000)],
    0,
    [
      [0, [a]],
      [2_000, []],
    ],
  ],
  [
    'a grant that begins later: without him, with him, without him',
    [grant(a, 1_500, 2_000)],
    0,
    [
      [0, []],
      [1_500, [a]],
      [2_000, []],
    ],
  ],
  ['a grant that has ended gets nothing', [grant(a, 0, 1_000)], 0, [[0, []]]],
  [
    'two grants: those who stay keep their envelopes',
    [grant(a, 0, 2_000), grant(b, 0, 3_000)],
    0,
    [
      [0, [a, b]],
      [2_000, [b]],
      [3_000, []],
    ],
  ],
  [
    'one ends when the other begins: one boundary',
    [grant(a, 0, 2_000), grant(b, 2_000, 3_000)],
    0,
    [
      [0, [a]],
      [2_000, [b]],
      [3_000, []],
    ],
  ],
  ['an end within the margin counts as come', [grant(a, 0, 1_400)], 500, [[0, []]]],
  [
    'a beginning within the margin counts as come',
    [grant(a, 1_400, 9_000)],
    500,
    [
      [0, [a]],
      [9_000, []],
    ],
  ],
] as const) {
  test(`The schedule for ${name}`, () => {
    const plan = planSchedule({ nowMs: now, after: 4, grants, marginMs });
    assert.deepEqual(
      plan.map((it) => [it.validFromMs, it.consents]),
      expected,
    );
    assert.deepEqual(
      plan.map((it) => it.epoch),
      plan.map((_, i) => 5 + i),
    );
  });
}

test('When sixteen places do not suffice, the last one is for nobody', () => {
  const grants = Array.from({ length: 20 }, (_, i) => grant(consent(i), 0, 2_000 + i));
  const plan = planSchedule({ nowMs: now, after: 0, grants });
  assert.equal(plan.length, maxScheduled);
  assert.deepEqual(plan[maxScheduled - 1]?.consents, []);
  assert.equal(plan[maxScheduled - 2]?.consents.length, 20 - 14);
});

test('Sixteen places that suffice are all used', () => {
  const grants = Array.from({ length: 14 }, (_, i) => grant(consent(i), 0, 2_000 + i));
  const plan = planSchedule({
    nowMs: now,
    after: 0,
    grants: [...grants, grant(consent(99), 0, 9_000)],
  });
  assert.equal(plan.length, maxScheduled);
  assert.deepEqual(plan[maxScheduled - 2]?.consents, [consent(99)]);
});

test('A grant that ends before it begins is refused', () => {
  assert.throws(
    () => planSchedule({ nowMs: now, after: 0, grants: [grant(a, 5, 5)] }),
    (error) => isCoded(error, 'CONSENT_TIMES'),
  );
});

test('Times rise, numbers have no gap, and nobody holds keys of an epoch in which his grant is not alive', () => {
  const times = fc.integer({ min: 0, max: 3_000 });
  const grants = fc.array(fc.tuple(times, fc.integer({ min: 1, max: 2_000 })), { maxLength: 12 });
  fc.assert(
    fc.property(grants, (pairs) => {
      const given = pairs.map(([from, length], i) => grant(consent(i), from, from + length));
      const plan = planSchedule({ nowMs: now, after: 7, grants: given });
      plan.forEach((epoch, i) => {
        assert.equal(epoch.epoch, 8 + i);
        const beginMs = i === 0 ? now : epoch.validFromMs;
        const endMs = plan[i + 1]?.validFromMs ?? Number.POSITIVE_INFINITY;
        assert.ok(i === 0 || (beginMs > now && beginMs < endMs));
        for (const id of epoch.consents) {
          const held = given.find((it) => it.consent === id);
          assert.ok(held && held.notBeforeMs <= beginMs && endMs <= held.notAfterMs);
        }
      });
    }),
  );
});

const past = [
  { epoch: 1, fromMs: 100, toMs: 200 },
  { epoch: 2, fromMs: 200, toMs: 300 },
  { epoch: 3, fromMs: 300, toMs: undefined },
];
for (const [name, fromMs, single, whole, parts] of [
  ['all history', 0, false, [1, 2, 3], []],
  ['since a boundary', 200, false, [2, 3], []],
  ['since the middle of an epoch', 250, false, [3], [2]],
  ['since the running epoch began to be used', 350, false, [], [3]],
  ['single records of all history', 0, true, [], [1, 2, 3]],
  ['single records since a time', 250, true, [], [2, 3]],
] as const) {
  test(`The history of a grant for ${name}`, () => {
    assert.deepEqual(historyOf(past, fromMs, single), { whole, parts });
  });
}

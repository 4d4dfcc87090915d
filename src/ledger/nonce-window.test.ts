import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { burnNonce, freshWindow, judgeNonce } from './nonce-window.ts';

/** The rule as a person says it: a set of used numbers. */
function judgeSlowly(used: ReadonlySet<number>, nonce: number): string | undefined {
  const top = Math.max(0, ...used);
  if (nonce > top + 1_024) return 'NONCE_FAR';
  if (nonce < top - 256) return 'NONCE_OLD';
  return nonce === 0 || used.has(nonce) ? 'NONCE_USED' : undefined;
}

test('a window judges like the whole set of used numbers, for any order of arrival', () => {
  const steps = fc.array(
    fc.oneof(fc.integer({ min: -300, max: 40 }), fc.integer({ min: -5, max: 1_100 })),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(steps, (offsets) => {
      let window = freshWindow;
      const used = new Set<number>();
      for (const offset of offsets) {
        const nonce = Math.max(0, window.top + offset);
        const problem = judgeNonce(window, nonce);
        assert.equal(problem, judgeSlowly(used, nonce), `${nonce} over ${window.top}`);
        if (problem === undefined) {
          window = burnNonce(window, nonce);
          used.add(nonce);
        }
      }
    }),
    { numRuns: 400 },
  );
});

for (const [name, used, nonce, expected] of [
  ['the first number', [], 1, undefined],
  ['zero', [], 0, 'NONCE_USED'],
  ['the farthest', [], 1_024, undefined],
  ['one beyond', [], 1_025, 'NONCE_FAR'],
  ['the top again', [5], 5, 'NONCE_USED'],
  ['one left out', [5], 3, undefined],
  ['one left out, twice', [5, 3], 3, 'NONCE_USED'],
  ['256 below the top', [1, 300], 44, undefined],
  ['257 below the top', [1, 300], 43, 'NONCE_OLD'],
  ['a number remembered at the far end', [44, 300], 44, 'NONCE_USED'],
] as const) {
  test(`nonce, ${name}: ${expected ?? 'taken'}`, () => {
    const window = used.reduce(burnNonce, freshWindow);
    assert.equal(judgeNonce(window, nonce), expected);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openKernel } from '../../crypto/pages/page-arithmetic-wasm.ts';
import { expandShare } from '../../crypto/pages/page-expansion.ts';
import { measurementLength } from '../../crypto/pages/page-layout.ts';
import { sharePage } from '../../crypto/pages/page-share.ts';
import { drawn, randomnessOf, valuesOf } from '../settings/pages.ts';

const page = drawn('page').subarray(0, 16);

// Large: a difference of one in a thousand shows only in a million elements, and a page has 1,359.
test('what two servers hold of two different patients has one distribution', async () => {
  // Servers 2 and 3, the hardest pair: the bits of the explicit share, of one patient at rest and of one at the limit.
  const bins = 256;
  const arithmetic = await openKernel();
  const counts = await Promise.all(
    [0, 1].map(async (patient) => {
      const count = new Float64Array(bins);
      let seen = 0;
      const values = valuesOf(1, 64, patient);
      if (patient === 1) values.statistics.fill(255);
      for (let i = 0; seen < 1_000_000; i++) {
        const shared = await sharePage(
          arithmetic,
          page,
          values,
          randomnessOf(10_000 * (patient + 1) + i),
        );
        const share2 = await expandShare(arithmetic, shared.bodies[1].secret, shared.head);
        // What the two can compute of the page: its share and the explicit one together.
        const both = arithmetic.sum([
          share2.subarray(0, 8 * measurementLength),
          shared.bodies[2].elements.subarray(0, 8 * measurementLength),
        ]);
        const view = [both, shared.bodies[2].elements.subarray(8 * measurementLength)];
        for (const bytes of view) {
          for (let word = 7; word < bytes.length; word += 8, seen++) {
            const top = bytes[word] ?? 0;
            count[top] = (count[top] ?? 0) + 1;
          }
        }
      }
      return { count, seen };
    }),
  );
  const [a, b] = counts;
  assert.ok(a && b && a.seen >= 1_000_000);
  let chi = 0;
  for (let bin = 0; bin < bins; bin++) {
    const [x, y] = [a.count[bin] ?? 0, b.count[bin] ?? 0];
    const scale = Math.sqrt(b.seen / a.seen);
    chi += (x * scale - y / scale) ** 2 / (x + y);
  }
  // 255 degrees of freedom: 380 is where p is 10^-6 (Wilson and Hilferty).
  assert.ok(chi < 380, `chi-square ${chi}`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCoded } from '../../../../primitives/errors.ts';
import { epsilonOf, noiseVariances, type OfKind, rhoOf } from './privacy.ts';

const spending = { pagesPerPatient: 2, microRho: 100_000 };
const moments: readonly OfKind[] = [
  ...(['patients', 'readings', 'sum', 'sum'] as const).map((kind) => ({ kind })),
  ...(['product', 'product', 'product'] as const).map((kind) => ({ kind })),
];
const bins: readonly OfKind[] = [
  { kind: 'patients' },
  ...Array.from({ length: 32 }, () => ({ kind: 'bin' as const })),
];

test('noise is scaled coordinate by coordinate: 1, 2^7, 2^14 (pitfall 3)', () => {
  const [, readings = 0n, sum = 0n, , product = 0n] = noiseVariances(moments, spending);
  // Rounded up to whole numbers.
  const near = (a: bigint, b: bigint) => a - b >= -b / 1_000n && a - b <= b / 1_000n;
  assert.ok(near(sum, readings << 14n));
  assert.ok(near(product, readings << 28n));
  // L = 128, weights 1 + 6 x 4 = 25: 128^2 x 25 x 10^6 / (2 x 4 x 100,000).
  assert.equal(readings, 512_000n);
});

test('a release costs no more than was paid, whatever it releases', () => {
  for (const places of [moments, bins, moments.slice(0, 3), moments.slice(0, 2)]) {
    for (const microRho of [1, 10, 1_000, 100_000, 500_000]) {
      for (const pagesPerPatient of [1, 2, 24, 8_784]) {
        const variances = noiseVariances(places, { pagesPerPatient, microRho });
        const rho = rhoOf(places, variances, pagesPerPatient);
        assert.ok(rho <= (microRho / 1e6) * (1 + 1e-12), `${rho} ${microRho}`);
        assert.ok(rho > 0.9 * (microRho / 1e6), `${rho} ${microRho}`);
      }
    }
  }
});

test('an answer without noise is refused: EXACT_REFUSED', () => {
  assert.throws(
    () => noiseVariances(moments, { ...spending, microRho: 0 }),
    (error) => isCoded(error, 'EXACT_REFUSED'),
  );
});

test('epsilon is that of rho-zCDP', () => {
  assert.ok(Math.abs(epsilonOf(0.1) - (0.1 + 2 * Math.sqrt(0.1 * Math.log(1e6)))) < 1e-12);
  assert.ok(Math.abs(epsilonOf(0.1) - 2.45) < 0.005);
});

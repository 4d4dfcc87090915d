import { statisticsStep, statisticsValue, type VitalSign } from '../../crypto/vital-signs.ts';
import { type Matrix, projected } from './covariances.ts';
import type { Released } from './released.ts';

/** Formulas over released sums and products. Source: docs/protocol/vitals-statistics.md, its last table. */

/** Of some of a panel's vital signs, in the order in which they were asked. */
export interface Moments {
  readonly patients: number;
  readonly readings: number;
  /** In the vital signs' own units. */
  readonly means: readonly number[];
  /** Empty: products were not released. Undefined: fewer than two readings. */
  readonly covariances: Matrix | undefined;
  /** The noise had made a matrix that no data have. */
  readonly wasProjected: boolean;
}

/** `vitals`: by their place in the panel, as asked. Undefined: not one reading. */
export function momentsOf(
  { places, values }: Pick<Released, 'places' | 'values'>,
  vitals: readonly { readonly place: number; readonly sign: VitalSign }[],
): Moments | undefined {
  const valueAt = (fits: (it: Released['places'][number]) => boolean): number | undefined => {
    const at = places.findIndex(fits);
    return at < 0 ? undefined : values[at];
  };
  const patients = valueAt(({ kind }) => kind === 'patients') ?? 0;
  const readings = valueAt(({ kind }) => kind === 'readings') ?? 0;
  if (readings < 1) return undefined;
  const sums = vitals.map(
    ({ place }) => valueAt((it) => it.kind === 'sum' && it.vital === place) ?? 0,
  );
  const means = vitals.map(({ sign }, i) => statisticsValue(sign, 128 + (sums[i] ?? 0) / readings));
  const hasProducts = places.some(({ kind }) => kind === 'product');
  if (!hasProducts || readings < 2) {
    const covariances = hasProducts ? undefined : [];
    return { patients, readings, means, covariances, wasProjected: false };
  }
  const raw = vitals.map((u, i) =>
    vitals.map((v, j) => {
      const [a, b] = [Math.min(u.place, v.place), Math.max(u.place, v.place)];
      const product = valueAt((it) => it.kind === 'product' && it.a === a && it.b === b) ?? 0;
      const codes = (product - ((sums[i] ?? 0) * (sums[j] ?? 0)) / readings) / (readings - 1);
      const [d, e] = [statisticsStep(u.sign), statisticsStep(v.sign)];
      // Sheppard: a rounded value varies by a twelfth of the step's square more than the value does.
      return d * e * codes - (i === j ? (d * d) / 12 : 0);
    }),
  );
  const { matrix, wasIndefinite } = projected(raw);
  return { patients, readings, means, covariances: matrix, wasProjected: wasIndefinite };
}

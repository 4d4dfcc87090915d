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

/** Reads them from released numbers; undefined: not one reading. */
export type MomentReader = (values: readonly number[]) => Moments | undefined;

/** `vitals`: by their place in the panel, as asked. Covariances as they come out, whether data can have them or not. */
export function readerOfMoments(
  places: Released['places'],
  vitals: readonly { readonly place: number; readonly sign: VitalSign }[],
): MomentReader {
  const placeOf = (fits: (it: Released['places'][number]) => boolean): number =>
    places.findIndex(fits);
  const patientsAt = placeOf(({ kind }) => kind === 'patients');
  const readingsAt = placeOf(({ kind }) => kind === 'readings');
  const sumsAt = vitals.map(({ place }) =>
    placeOf((it) => it.kind === 'sum' && it.vital === place),
  );
  const productsAt = vitals.map((u) =>
    vitals.map((v) => {
      const [a, b] = [Math.min(u.place, v.place), Math.max(u.place, v.place)];
      return placeOf((it) => it.kind === 'product' && it.a === a && it.b === b);
    }),
  );
  const hasProducts = places.some(({ kind }) => kind === 'product');
  const steps = vitals.map(({ sign }) => statisticsStep(sign));
  return (values) => {
    const patients = values[patientsAt] ?? 0;
    const readings = values[readingsAt] ?? 0;
    if (readings < 1) return undefined;
    const sums = sumsAt.map((at) => values[at] ?? 0);
    const means = vitals.map(({ sign }, i) =>
      statisticsValue(sign, 128 + (sums[i] ?? 0) / readings),
    );
    const of = { patients, readings, means, wasProjected: false };
    if (!hasProducts || readings < 2) return { ...of, covariances: hasProducts ? undefined : [] };
    const covariances = productsAt.map((row, i) =>
      row.map((at, j) => {
        const product = values[at] ?? 0;
        const codes = (product - ((sums[i] ?? 0) * (sums[j] ?? 0)) / readings) / (readings - 1);
        const [d, e] = [steps[i] ?? 0, steps[j] ?? 0];
        // Sheppard: a rounded value varies by a twelfth of the step's square more than the value does.
        return d * e * codes - (i === j ? (d * d) / 12 : 0);
      }),
    );
    return { ...of, covariances };
  };
}

/** With a matrix that data can have. Rule VQ-23. */
export function projectedMoments(moments: Moments): Moments {
  const { covariances } = moments;
  if (covariances === undefined || covariances.length === 0) return moments;
  const { matrix, wasIndefinite } = projected(covariances);
  return { ...moments, covariances: matrix, wasProjected: wasIndefinite };
}

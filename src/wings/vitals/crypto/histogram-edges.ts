import { CodedError } from '../../../primitives/errors.ts';
import { type VitalName, vitalSigns } from './vital-signs.ts';

/** 31 edges make 32 bins; the first and the last are the tails. */
export const histogramBins = 32;

const every = (from: number, step: number): readonly number[] =>
  Array.from({ length: histogramBins - 1 }, (_, i) => from + i * step);

const ofHeart = every(35, 5);
/** In each vital sign's own unit. Limits that clinicians count by are edges: 90, 140 and 180 mm[Hg], 38 Cel, 3.9 and 10 mmol/L. */
const edges: Readonly<Record<number, Readonly<Record<VitalName, readonly number[]>>>> = {
  1: {
    heartRate: ofHeart,
    pulse: ofHeart,
    systolic: every(70, 5),
    diastolic: every(20, 5),
    temperature: every(34, 0.25),
    oxygenSaturation: every(70, 1),
    respiratoryRate: every(4, 2),
    glucose: [
      ...[
        2, 2.5, 3, 3.5, 3.9, 4.5, 5, 5.6, 6.1, 6.5, 7, 7.8, 8.5, 9, 9.5, 10, 10.5, 11.1, 12, 12.5,
      ],
      ...[13, 13.9, 14.5, 15, 16, 17, 18, 19, 20, 22.2, 25],
    ],
  },
};

/** The newest version: what devices count by. */
export const edgesVersion = 1;

/** The 31 edges of a vital sign, ascending, in its own unit. Throws EDGES_VERSION. */
export function edgesOf(vital: VitalName, version: number): readonly number[] {
  const known = edges[version];
  if (known === undefined) throw new CodedError('EDGES_VERSION', { version });
  return known[vital];
}

/** The bin of a clinical code: how many edges lie at or below it, 0 to 31. Throws EDGES_VERSION. Rule VP-5. */
export function histogramBin(vital: VitalName, code: number, version: number): number {
  return edgeCodes(vital, version).filter((edge) => code >= edge).length;
}

/** Edges as clinical codes, so that a value and an edge are rounded alike. */
function edgeCodes(vital: VitalName, version: number): readonly number[] {
  const { low, step } = vitalSigns[vital].clinical;
  return edgesOf(vital, version).map((edge) => Math.round((edge * 100_000 - low) / step));
}

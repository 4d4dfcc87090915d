import { bytesToHex } from '../../../../primitives/bytes.ts';
import type { QueryManifest } from '../../api/query-manifest.ts';
import { releasedBy, vitalsAsked } from '../../api/question.ts';
import {
  epsilonOf,
  noiseVariances,
  toldDelta,
  totalDeviation,
} from '../../crypto/statistics/privacy.ts';
import { statisticsValue, type VitalSign } from '../../crypto/vital-signs.ts';

/** How an answer came about: what a paper says under "Methods". All of it follows from what is public. */
export interface MethodSheet {
  readonly dataset: string;
  readonly query: string;
  readonly kind: string;
  readonly vitals: readonly {
    readonly name: string;
    readonly loinc: string;
    readonly unit: string;
  }[];
  readonly cohort: string;
  readonly hours: readonly [from: string, until: string];
  readonly asOfBatch: number;
  readonly purpose: string;
  readonly unitOfPrivacy: string;
  /** Of one patient in this answer. */
  readonly mostReadings: number;
  readonly mechanism: string;
  readonly rho: number;
  readonly epsilon: number;
  readonly delta: number;
  readonly released: readonly { readonly what: string; readonly noiseDeviation: number }[];
  readonly window: readonly { readonly name: string; readonly from: number; readonly to: number }[];
  readonly notes: readonly string[];
}

const hourText = (hour: number): string => new Date(hour * 3_600_000).toISOString();

/** `panel`: its vital signs in their order. Source: docs/protocol/vitals-statistics.md, rule VQ-40. */
export function methodSheet(of: {
  readonly manifest: QueryManifest;
  readonly query: Uint8Array;
  readonly panel: readonly VitalSign[];
  readonly pagesPerPatient: number;
}): MethodSheet {
  const { manifest, panel, pagesPerPatient } = of;
  const { question, cohort, microRho } = manifest;
  const vitals = vitalsAsked(question).flatMap((place) => panel[place] ?? []);
  const places = releasedBy(question);
  const deviations = noiseVariances(places, { pagesPerPatient, microRho }).map(totalDeviation);
  const rho = microRho / 1_000_000;
  const mostReadings = 64 * pagesPerPatient;
  return {
    dataset: manifest.dataset,
    query: bytesToHex(of.query),
    kind: question.kind,
    vitals: vitals.map(({ name, loinc, unit }) => ({ name, loinc: loinc[0], unit })),
    cohort: cohortText(cohort),
    hours: [hourText(manifest.fromHour), hourText(manifest.untilHour)],
    ...{ asOfBatch: manifest.asOfBatch, purpose: manifest.purpose },
    unitOfPrivacy: `one patient with all pages, at most ${mostReadings} readings in this answer`,
    mostReadings,
    mechanism:
      'discrete Gaussian noise (Canonne, Kamath, Steinke 2020) added by each of three data servers; zero-concentrated differential privacy',
    ...{ rho, epsilon: epsilonOf(rho), delta: toldDelta },
    released: places.map((it, at) => ({ what: nameOf(it), noiseDeviation: deviations[at] ?? 0 })),
    window: vitals.map((sign) => ({
      ...{ name: sign.name, from: statisticsValue(sign, 0), to: statisticsValue(sign, 255) },
    })),
    notes: [
      'Values outside the window are set to its end: means of skewed vital signs are biased towards the window.',
      'Standard errors of sampling count patients as independent, not readings: the widest that likeness within a patient can cause.',
      'Variances are corrected for rounding (Sheppard); covariance matrices that noise made indefinite are projected, and marked.',
    ],
  };
}

function nameOf(it: ReturnType<typeof releasedBy>[number]): string {
  switch (it.kind) {
    case 'sum':
      return `sum of codes of vital ${it.vital + 1}`;
    case 'product':
      return `sum of products of vitals ${it.a + 1} and ${it.b + 1}`;
    case 'bin':
      return `readings in bin ${it.bin + 1}`;
    default:
      return it.kind;
  }
}

export const cohortText = (cohort: QueryManifest['cohort']): string =>
  cohort.length === 0
    ? 'everybody in the dataset'
    : cohort
        .map(({ attribute, from, to }) =>
          from === to ? `${attribute} ${from}` : `${attribute} ${from} to ${to}`,
        )
        .join(', ');

/** As it stands under an answer. */
export function methodText(sheet: MethodSheet): string {
  const { rho, epsilon, delta, hours, vitals } = sheet;
  return [
    `Method: ${sheet.kind} of ${vitals.map(({ name, unit }) => `${name} (${unit})`).join(', ')}; ${sheet.cohort}; ${hours[0]} to ${hours[1]}, pages up to batch ${sheet.asOfBatch}.`,
    `Purpose: ${sheet.purpose}. Dataset ${sheet.dataset}, query ${sheet.query}.`,
    `Privacy: rho ${rho} (epsilon ${epsilon.toFixed(2)} at delta ${delta}) for ${sheet.unitOfPrivacy}.`,
    `Noise: ${sheet.mechanism}. Standard deviations: ${sheet.released.map(({ what, noiseDeviation }) => `${what} ${noiseDeviation.toPrecision(3)}`).join('; ')}.`,
    ...sheet.window.map(({ name, from, to }) => `Window of ${name}: ${from} to ${to}.`),
    ...sheet.notes,
  ].join('\n');
}

import { CodedError } from '../../../primitives/errors.ts';

/** Every quantity below is counted in units of 10^-5 of the vital sign's own unit: all steps are whole, so no two machines round otherwise. */
const scale = 100_000;

/** How a value in one unit becomes one in the vital sign's own; UCUM, case sensitive. */
type Conversion = (value: number) => number;
const same: Conversion = (value) => value;

/** One vital sign: its names, its units and its two codes. */
export interface VitalSign {
  readonly name: string;
  /** The first is the one that Salus writes. */
  readonly loinc: readonly [string, ...string[]];
  /** UCUM, as stored. */
  readonly unit: string;
  readonly units: Readonly<Record<string, Conversion>>;
  /** Clinical code = (value - low) / step: what the treating doctor reads. In 10^-5 units. */
  readonly clinical: { readonly low: number; readonly high: number; readonly step: number };
  /** Statistics code = (value - centre) / step + 128, cut off to a byte: what is proven and summed. In 10^-5 units. */
  readonly statistics: { readonly centre: number; readonly step: number };
}

const perMinute = { unit: '/min', units: { '/min': same } } as const;
const millimetres = { unit: 'mm[Hg]', units: { 'mm[Hg]': same } } as const;
const clinical = (low: number, high: number, step: number) => ({
  low: low * scale,
  high: high * scale,
  step: Math.round(step * scale),
});
const statistics = (centre: number, step: number) => ({
  centre: Math.round(centre * scale),
  step: Math.round(step * scale),
});
const ofHeart = { clinical: clinical(0, 400, 0.01), statistics: statistics(78, 0.5) } as const;
/** mg/dL of glucose in one mmol/L: its molar mass is 180.16 g/mol. */
const glucoseMass = 18.016;

/** The eight vital signs. Source: docs/protocol/vitals-pages.md, rule VP-2. */
export const vitalSigns = {
  heartRate: { name: 'heart rate', loinc: ['8867-4'], ...perMinute, ...ofHeart },
  pulse: { name: 'pulse', loinc: ['8889-8'], ...perMinute, ...ofHeart },
  systolic: {
    ...{ name: 'systolic blood pressure', loinc: ['8480-6'], ...millimetres },
    ...{ clinical: clinical(0, 400, 0.01), statistics: statistics(122, 0.625) },
  },
  diastolic: {
    ...{ name: 'diastolic blood pressure', loinc: ['8462-4'], ...millimetres },
    ...{ clinical: clinical(0, 300, 0.01), statistics: statistics(76, 0.5) },
  },
  temperature: {
    ...{ name: 'body temperature', loinc: ['8310-5'], unit: 'Cel' },
    units: { Cel: same, '[degF]': (value) => (value - 32) / 1.8 },
    ...{ clinical: clinical(20, 46, 0.001), statistics: statistics(36.875, 0.03125) },
  },
  oxygenSaturation: {
    ...{ name: 'oxygen saturation', loinc: ['59408-5', '2708-6'], unit: '%', units: { '%': same } },
    ...{ clinical: clinical(0, 100, 0.01), statistics: statistics(88, 0.1) },
  },
  respiratoryRate: {
    ...{ name: 'respiratory rate', loinc: ['9279-1'], ...perMinute },
    ...{ clinical: clinical(0, 120, 0.01), statistics: statistics(18, 0.25) },
  },
  glucose: {
    ...{ name: 'glucose', loinc: ['15074-8', '2339-0'], unit: 'mmol/L' },
    units: { 'mmol/L': same, 'mg/dL': (value) => value / glucoseMass },
    ...{ clinical: clinical(0, 60, 0.001), statistics: statistics(12.8, 0.1) },
  },
} as const satisfies Readonly<Record<string, VitalSign>>;

export type VitalName = keyof typeof vitalSigns;

/**
 * A value as 16 bits, (value - low) / step rounded to the nearest. Throws VALUE_UNIT, and VALUE_RANGE for what
 * is no number or outside the range: a cut-off value would be a false one in a record.
 */
export function clinicalCode(vital: VitalSign, value: number, unit: string): number {
  const convert = Object.hasOwn(vital.units, unit) ? vital.units[unit] : undefined;
  if (convert === undefined) throw new CodedError('VALUE_UNIT', { vital: vital.name });
  const { low, high, step } = vital.clinical;
  const scaled = convert(value) * scale;
  if (!(scaled >= low && scaled <= high))
    throw new CodedError('VALUE_RANGE', { vital: vital.name });
  return Math.round((scaled - low) / step);
}

/** The value, in the vital sign's own unit, that a clinical code stands for. */
export function clinicalValue({ clinical: { low, step } }: VitalSign, code: number): number {
  return (low + code * step) / scale;
}

/** The byte of the statistics lane, cut off to its window; whole numbers only, halves go up. */
export function statisticsCode(vital: VitalSign, code: number): number {
  const { centre, step } = vital.statistics;
  const from = vital.clinical.low + code * vital.clinical.step - centre;
  const steps = Math.floor((2 * from + step) / (2 * step));
  return Math.min(127, Math.max(-128, steps)) + 128;
}

/** The middle of a statistics code, which need not be whole: what a mean of codes stands for. */
export function statisticsValue({ statistics: { centre, step } }: VitalSign, code: number): number {
  return (centre + (code - 128) * step) / scale;
}

/** One step of the statistics code in the vital sign's own unit: variances are in its square. */
export const statisticsStep = ({ statistics: { step } }: VitalSign): number => step / scale;

import * as z from 'zod/mini';
import { CodedError } from '../../../../primitives/errors.ts';
import {
  type RefusedReading,
  type SensorInput,
  type SensorReading,
  vitalOfLoinc,
} from './reading.ts';

/** FHIR R4 Observation, as far as vital signs go: value, components, and a row of samples. */
const coded = z.object({
  coding: z.optional(
    z.array(z.object({ system: z.optional(z.string()), code: z.optional(z.string()) })),
  ),
});
const quantity = z.object({
  value: z.optional(z.number()),
  comparator: z.optional(z.string()),
  system: z.optional(z.string()),
  code: z.optional(z.string()),
  unit: z.optional(z.string()),
});
const sampled = z.object({
  origin: quantity,
  /** Milliseconds between two samples. */
  period: z.number().check(z.positive()),
  factor: z.optional(z.number()),
  dimensions: z.int(),
  data: z.optional(z.string().check(z.maxLength(1_000_000))),
});
const valued = {
  code: coded,
  valueQuantity: z.optional(quantity),
  valueSampledData: z.optional(sampled),
};
const observation = z.object({
  resourceType: z.literal('Observation'),
  status: z.string(),
  ...valued,
  effectiveDateTime: z.optional(z.string()),
  effectiveInstant: z.optional(z.string()),
  effectivePeriod: z.optional(z.object({ start: z.optional(z.string()) })),
  component: z.optional(z.array(z.object(valued))),
});
type Valued = Pick<z.infer<typeof observation>, 'code' | 'valueQuantity' | 'valueSampledData'>;

const loinc = 'http://loinc.org';
const counted = new Set(['final', 'amended', 'corrected', 'preliminary']);

/**
 * The vital signs that an Observation says. What is below or above what can be measured, was cancelled or entered in error,
 * or has no value, is refused. Throws REQUEST_INVALID: no Observation, or without a time.
 */
export function readingsOfObservation(resource: unknown): SensorInput {
  const read = observation.safeParse(resource);
  if (!read.success) throw new CodedError('REQUEST_INVALID', { at: 'Observation' });
  const { data } = read;
  const when = data.effectiveDateTime ?? data.effectiveInstant ?? data.effectivePeriod?.start;
  const timeMs = when === undefined ? Number.NaN : Date.parse(when);
  if (!Number.isFinite(timeMs)) throw new CodedError('REQUEST_INVALID', { at: 'effective' });
  const said = [data, ...(data.component ?? [])].flatMap((it) => valuesOf(it, timeMs));
  const isCounted = counted.has(data.status);
  const input: { readings: SensorReading[]; refused: RefusedReading[] } = {
    readings: [],
    refused: [],
  };
  for (const it of said) {
    if ('code' in it) input.refused.push(it);
    else if (isCounted) input.readings.push(it);
    else input.refused.push({ timeMs: it.timeMs, vital: it.vital, code: 'VALUE_ABSENT' });
  }
  return input;
}

/** E: error, U: above, L: below what the device can measure. */
const noSample: Readonly<Record<string, RefusedReading['code']>> = {
  ...{ E: 'VALUE_ABSENT', U: 'VALUE_RANGE', L: 'VALUE_RANGE' },
};
const decimal = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

function valuesOf(of: Valued, timeMs: number): readonly (SensorReading | RefusedReading)[] {
  const codes = (of.code.coding ?? []).filter(({ system }) => system === loinc);
  const vital = codes.map(({ code = '' }) => vitalOfLoinc(code)).find((it) => it !== undefined);
  const { valueQuantity: one, valueSampledData: many } = of;
  const isValued = one !== undefined || many !== undefined;
  if (vital === undefined) {
    const name = codes[0]?.code ?? '';
    // A panel's own code has no value of its own: its components do.
    return isValued ? [{ timeMs, vital: name, code: 'VITAL_UNKNOWN' }] : [];
  }
  if (many !== undefined) return samplesOf(many, vital, timeMs);
  if (one?.value === undefined) return [{ timeMs, vital, code: 'VALUE_ABSENT' }];
  // "Below 40" is no measurement of 40.
  if (one.comparator !== undefined) return [{ timeMs, vital, code: 'VALUE_RANGE' }];
  return [{ vital, value: one.value, unit: one.code ?? one.unit ?? '', timeMs }];
}

function samplesOf(
  { origin, period, factor = 1, dimensions, data = '' }: z.infer<typeof sampled>,
  vital: SensorReading['vital'],
  startMs: number,
): readonly (SensorReading | RefusedReading)[] {
  // Samples of several values at once are no vital sign.
  if (dimensions !== 1) return [{ timeMs: startMs, vital, code: 'REQUEST_INVALID' }];
  const unit = origin.code ?? origin.unit ?? '';
  return data
    .trim()
    .split(/\s+/)
    .map((sample, at) => {
      const timeMs = startMs + Math.round(at * period);
      const value = (origin.value ?? 0) + Number(sample) * factor;
      if (decimal.test(sample)) return { vital, value, unit, timeMs };
      return { timeMs, vital, code: noSample[sample] ?? 'REQUEST_INVALID' };
    });
}

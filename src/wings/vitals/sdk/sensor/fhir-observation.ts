import * as z from 'zod/mini';
import { CodedError } from '../../../../primitives/errors.ts';
import { type SensorReading, vitalOfLoinc } from './reading.ts';

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
 * The vital signs that an Observation says; none where it was cancelled or entered in error. Throws REQUEST_INVALID: no Observation, or
 * without a time.
 */
export function readingsOfObservation(resource: unknown): readonly SensorReading[] {
  const read = observation.safeParse(resource);
  if (!read.success) throw new CodedError('REQUEST_INVALID', { at: 'Observation' });
  const { data } = read;
  if (!counted.has(data.status)) return [];
  const when = data.effectiveDateTime ?? data.effectiveInstant ?? data.effectivePeriod?.start;
  const timeMs = when === undefined ? Number.NaN : Date.parse(when);
  if (!Number.isFinite(timeMs)) throw new CodedError('REQUEST_INVALID', { at: 'effective' });
  return [data, ...(data.component ?? [])].flatMap((it) => valuesOf(it, timeMs));
}

function valuesOf(of: Valued, timeMs: number): readonly SensorReading[] {
  const codes = (of.code.coding ?? []).filter(({ system }) => system === loinc);
  const vital = codes.map(({ code = '' }) => vitalOfLoinc(code)).find((it) => it !== undefined);
  if (vital === undefined) return [];
  const { valueQuantity: one, valueSampledData: many } = of;
  // "Below 40" is no measurement of 40.
  if (one?.value !== undefined && one.comparator === undefined)
    return [{ vital, value: one.value, unit: one.code ?? one.unit ?? '', timeMs }];
  if (many === undefined || many.dimensions !== 1) return [];
  const unit = many.origin.code ?? many.origin.unit ?? '';
  const { origin, period, factor = 1 } = many;
  return (many.data ?? '').split(' ').flatMap((sample, at) => {
    // E: error, U: above, L: below what can be measured.
    if (!/^-?\d+(\.\d+)?$/.test(sample)) return [];
    const value = (origin.value ?? 0) + Number(sample) * factor;
    return [{ vital, value, unit, timeMs: timeMs + Math.round(at * period) }];
  });
}

import * as z from 'zod/mini';
import { CodedError } from '../../../../primitives/errors.ts';
import {
  type RefusedReading,
  type SensorInput,
  type SensorReading,
  vitalOfLoinc,
} from './reading.ts';

/** SenML in JSON (RFC 8428): what sensors say in a few bytes. */
const record = z.looseObject({
  bn: z.optional(z.string()),
  bt: z.optional(z.number()),
  bu: z.optional(z.string()),
  bv: z.optional(z.number()),
  bs: z.optional(z.number()),
  bver: z.optional(z.number()),
  n: z.optional(z.string()),
  u: z.optional(z.string()),
  v: z.optional(z.number()),
  vs: z.optional(z.string()),
  vb: z.optional(z.boolean()),
  vd: z.optional(z.string()),
  s: z.optional(z.number()),
  t: z.optional(z.number()),
  ut: z.optional(z.number()),
});
const pack = z.array(record).check(z.maxLength(10_000));

/** A record on its own: base fields worked in, the time absolute, in seconds since 1970. */
export interface ResolvedRecord {
  readonly n: string;
  readonly u?: string;
  readonly v?: number;
  readonly vs?: string;
  readonly vb?: boolean;
  readonly vd?: string;
  readonly s?: number;
  readonly t: number;
  readonly ut?: number;
}

/** A time below this is relative to now. RFC 8428, 4.5.3. */
const relativeBelow = 2 ** 28;
const version = 10;
const names = /^[a-zA-Z0-9][a-zA-Z0-9\-:./_]*$/;

/**
 * The records of a pack, each on its own, in their order. `nowMs`: for times that are relative. Throws REQUEST_INVALID: no
 * SenML, a name that is none, a field that must be understood, or a version that is not known. RFC 8428, 4.6.
 */
export function resolveSenml(json: unknown, nowMs: number): readonly ResolvedRecord[] {
  const read = pack.safeParse(json);
  if (!read.success) throw invalid('pack');
  const base = { bn: '', bt: 0, bv: 0, bs: 0, bu: undefined as string | undefined };
  let hasBaseSum = false;
  const resolved: ResolvedRecord[] = [];
  for (const it of read.data) {
    if (Object.keys(it).some((name) => name.endsWith('_'))) throw invalid('must-understand');
    if (it.bver !== undefined && it.bver > version) throw invalid('version');
    base.bn = it.bn ?? base.bn;
    base.bt = it.bt ?? base.bt;
    base.bv = it.bv ?? base.bv;
    base.bs = it.bs ?? base.bs;
    base.bu = it.bu ?? base.bu;
    hasBaseSum ||= it.bs !== undefined;
    const { vs, vb, vd, ut } = it;
    const isValue = [it.v, vs, vb, vd, it.s].some((value) => value !== undefined);
    const isSum = hasBaseSum && it.s === undefined && !isValue;
    if (!isValue && it.n === undefined) continue;
    const n = base.bn + (it.n ?? '');
    if (!names.test(n)) throw invalid('name');
    const unit = it.u ?? base.bu;
    const time = base.bt + (it.t ?? 0);
    resolved.push({
      n,
      ...(unit !== undefined && { u: unit }),
      ...(it.v !== undefined && { v: base.bv + it.v }),
      ...(vs !== undefined && { vs }),
      ...(vb !== undefined && { vb }),
      ...(vd !== undefined && { vd }),
      ...((it.s !== undefined || isSum) && { s: base.bs + (it.s ?? 0) }),
      t: time < relativeBelow ? nowMs / 1000 + time : time,
      ...(ut !== undefined && { ut }),
    });
  }
  return resolved;
}

const invalid = (at: string): CodedError => new CodedError('REQUEST_INVALID', { at });

/** SenML's own word for a unit that UCUM writes otherwise (RFC 8428, 12.1; RFC 8798). */
const ucum: Readonly<Record<string, string>> = {
  'beat/min': '/min',
  '1/min': '/min',
  mmHg: 'mm[Hg]',
};

/** How full a sensor's battery is, in per cent (RFC 8428, 12.1). */
const batteryUnit = '%EL';

/**
 * Vital signs among the records: the last part of a name is a LOINC code, such as `urn:dev:mac:0024befffe804ff1:8867-4`. A
 * record that is none, or has no number, is refused by itself. Throws REQUEST_INVALID: as `resolveSenml`.
 */
export function readingsOfSenml(json: unknown, nowMs: number): SensorInput {
  const readings: SensorReading[] = [];
  const refused: RefusedReading[] = [];
  let battery: { readonly t: number; readonly v: number } | undefined;
  for (const { n, u = '', v, t } of resolveSenml(json, nowMs)) {
    const timeMs = Math.round(t * 1000);
    const vital = vitalOfLoinc(n.split(/[:/]/).at(-1) ?? '');
    if (u === batteryUnit && v !== undefined) {
      if (v >= 0 && v <= 100 && t >= (battery?.t ?? 0)) battery = { t, v };
    } else if (vital === undefined) refused.push({ timeMs, vital: n, code: 'VITAL_UNKNOWN' });
    else if (v === undefined) refused.push({ timeMs, vital, code: 'VALUE_ABSENT' });
    else readings.push({ vital, value: v, unit: ucum[u] ?? u, timeMs });
  }
  return { readings, refused, ...(battery !== undefined && { battery: battery.v }) };
}

import type { Code } from '../../../../codes/index.ts';
import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import { panelOf, vitalsOf } from '../../crypto/panels.ts';
import {
  clinicalCode,
  type VitalName,
  type VitalSign,
  vitalSigns,
} from '../../crypto/vital-signs.ts';

/** One value as a monitor or a watch gave it. */
export interface SensorReading {
  readonly vital: VitalName;
  readonly value: number;
  /** UCUM. */
  readonly unit: string;
  readonly timeMs: number;
}

/** A reading that is no measurement, and why. Nothing is cut off and nothing is filled in. */
export interface RefusedReading {
  readonly timeMs: number;
  readonly vital: string;
  readonly code: Code;
}

/** What was handed in: what may be measurements, and what is none by the way it was said already. */
export interface SensorInput {
  readonly readings: readonly SensorReading[];
  readonly refused: readonly RefusedReading[];
  /** Per cent, where the sensor says so: the newest. */
  readonly battery?: number;
}

/** The vital signs of one panel at one instant, in the panel's order. */
export interface PanelRow {
  readonly panel: number;
  readonly timeMs: number;
  readonly values: readonly { readonly value: number; readonly unit: string }[];
}

/** Nobody is measured with these: a monitor writes 0 while a lead is off. A breath may stop. */
const mayBeZero: ReadonlySet<VitalName> = new Set<VitalName>(['respiratoryRate']);

/** Throws VALUE_ABSENT, VALUE_UNIT, VALUE_RANGE. Rule VS-20. */
export function requireMeasured({ vital, value, unit }: SensorReading): void {
  const sign: VitalSign = vitalSigns[vital];
  if (value === 0 && !mayBeZero.has(vital))
    throw new CodedError('VALUE_ABSENT', { vital: sign.name });
  const code = clinicalCode(sign, value, unit);
  // What is kept as 0 would be read as 0.
  if (code === 0 && sign.clinical.low === 0 && !mayBeZero.has(vital))
    throw new CodedError('VALUE_ABSENT', { vital: sign.name });
}

/**
 * Rows of a panel of what was measured at one instant; what is no measurement, and what lacks the rest of its row, is told.
 * Of two values of one instant the later counts.
 */
export function rowsOf(
  panelNumber: number,
  readings: readonly SensorReading[],
): { readonly rows: readonly PanelRow[]; readonly refused: readonly RefusedReading[] } {
  const panel = panelOf(panelNumber);
  const refused: RefusedReading[] = [];
  const instants = new Map<number, Map<VitalName, SensorReading>>();
  for (const reading of readings) {
    if (!panel.vitals.includes(reading.vital)) continue;
    const { vital, timeMs } = reading;
    const code = codeOf(() => requireMeasured(reading));
    if (code !== undefined) refused.push({ timeMs, vital, code });
    const instant = instants.get(timeMs) ?? new Map<VitalName, SensorReading>();
    if (code === undefined) instant.set(vital, reading);
    instants.set(timeMs, instant);
  }
  const rows: PanelRow[] = [];
  for (const [timeMs, instant] of [...instants].sort(([a], [b]) => a - b)) {
    const values = panel.vitals.flatMap((vital) => instant.get(vital) ?? []);
    if (values.length === vitalsOf(panel).length) rows.push({ panel: panelNumber, timeMs, values });
    else for (const { vital } of values) refused.push({ timeMs, vital, code: 'ROW_INCOMPLETE' });
  }
  return { rows, refused };
}

/** Rows of each of a sensor's panels; what it does not measure is refused as VITAL_UNKNOWN, with its first panel. */
export function rowsOfSensor(
  panelNumbers: readonly number[],
  { readings, refused }: SensorInput,
): readonly {
  readonly panel: number;
  readonly rows: readonly PanelRow[];
  readonly refused: readonly RefusedReading[];
}[] {
  const measured = new Set(panelNumbers.flatMap((it) => panelOf(it).vitals));
  const others = readings
    .filter(({ vital }) => !measured.has(vital))
    .map(({ vital, timeMs }) => ({ vital, timeMs, code: 'VITAL_UNKNOWN' as const }));
  return panelNumbers.map((panel, at) => {
    const found = rowsOf(panel, readings);
    const more = at === 0 ? [...refused, ...others] : [];
    return { panel, rows: found.rows, refused: [...more, ...found.refused] };
  });
}

function codeOf(check: () => void): Code | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return error.code;
  }
}

const byLoinc: ReadonlyMap<string, VitalName> = new Map(
  (Object.keys(vitalSigns) as VitalName[]).flatMap((name) =>
    vitalSigns[name].loinc.map((code) => [code, name] as const),
  ),
);

/** The vital sign that a LOINC code names; undefined: none that is kept here. */
export const vitalOfLoinc = (code: string): VitalName | undefined => byLoinc.get(code);

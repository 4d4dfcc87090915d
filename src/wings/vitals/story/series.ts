import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { sha256 } from '../../../crypto/hash.ts';
import { utf8 } from '../../../primitives/bytes.ts';
import { isCoded } from '../../../primitives/errors.ts';
import { panelOf, panels } from '../crypto/panels.ts';
import { vitalSigns } from '../crypto/vital-signs.ts';
import {
  type PanelRow,
  type RefusedReading,
  requireMeasured,
  rowsOf,
  type SensorReading,
} from '../sdk/sensor/reading.ts';
import { readingsOfFile } from '../sdk/sensor/recorded.ts';

/** A recorded series, and the panel of which it has the most: what its demo patients are measured with. */
export interface Series {
  readonly name: string;
  readonly panel: number;
  /** From the first whole row on, milliseconds since that row's hour began. */
  readonly rows: readonly PanelRow[];
  /** Readings that are no measurement, by code. */
  readonly refused: Readonly<Record<string, number>>;
}

const hourMs = 3_600_000;

/** `hours`: so much of it, from the first whole row on. Throws REQUEST_INVALID: no format that is known. */
export function readSeries(path: string, hours: number): Series {
  const text = readFileSync(path, 'utf8');
  const { readings } = readingsOfFile(text, 0).input;
  const found = panels.map(({ number }) => ({ panel: number, ...rowsOf(number, readings) }));
  const values = ({ panel, rows }: (typeof found)[number]): number =>
    rows.length * panelOf(panel).vitals.length;
  const [best] = found.sort((a, b) => values(b) - values(a));
  const rows = best?.rows ?? [];
  const beginMs = rows[0]?.timeMs ?? 0;
  const played = rows.filter(({ timeMs }) => timeMs < beginMs + hours * hourMs);
  return {
    name: `${basename(dirname(path))}/${basename(path)}`,
    panel: best?.panel ?? 5,
    rows: played.map((row) => ({ ...row, timeMs: row.timeMs - beginMs })),
    refused: countsOf(best?.refused ?? []),
  };
}

function countsOf(refused: readonly Pick<RefusedReading, 'code'>[]) {
  const counts: Record<string, number> = {};
  for (const { code } of refused) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** So many steps of the statistics code a made-up patient lies above or below the series. */
const mostSteps = 16;
const offsets = 10;

/**
 * The series as one made-up patient's, from `beginMs` on: later by whole hours that are drawn, and each vital sign moved by
 * a constant that is drawn. What then is no measurement is refused by its code, and the rest of its row with it.
 */
export function replayed(
  { name, panel, rows }: Series,
  patient: number,
  beginMs: number,
): { readonly rows: readonly PanelRow[]; readonly refused: Readonly<Record<string, number>> } {
  const drawn = sha256(utf8(`${name} ${patient}`));
  const startMs = beginMs + ((drawn[0] ?? 0) % offsets) * hourMs;
  const { vitals } = panelOf(panel);
  const moved = rows.map((row) => ({
    ...{ panel, timeMs: startMs + row.timeMs },
    values: row.values.map(({ value, unit }, at) => {
      const { statistics } = vitalSigns[vitals[at] ?? 'heartRate'];
      const steps = ((drawn[at + 1] ?? 0) / 255 - 0.5) * 2 * mostSteps;
      const added = Math.round(steps) * (statistics.step / 100_000);
      return { value: Math.round((value + added) * 1_000) / 1_000, unit };
    }),
  }));
  const refused: { code: RefusedReading['code'] }[] = [];
  const kept = moved.filter(({ values, timeMs }) => {
    try {
      for (const [at, it] of values.entries())
        requireMeasured({ ...it, timeMs, vital: vitals[at] ?? 'heartRate' } as SensorReading);
      return true;
    } catch (error) {
      if (!isCoded(error)) throw error;
      refused.push({ code: error.code });
      return false;
    }
  });
  return { rows: kept, refused: countsOf(refused) };
}

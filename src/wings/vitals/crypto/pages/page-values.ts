import { CodedError } from '../../../../primitives/errors.ts';
import { histogramBin, histogramBins } from '../histogram-edges.ts';
import { isPadded, panelOf, vitalsOf } from '../panels.ts';
import { clinicalCode, clinicalValue, statisticsCode } from '../vital-signs.ts';

/** As many as fit on a page: an hour at one a minute. */
export const pageRows = 64;

/** One value as a device measured it. */
export interface Measured {
  readonly value: number;
  /** UCUM. */
  readonly unit: string;
}

/** What stands on a page, row by row; `n` readings of the `k` vital signs of its panel. */
export interface PageValues {
  readonly panel: number;
  readonly edges: number;
  readonly n: number;
  /** n x k clinical codes. */
  readonly clinical: Uint16Array;
  /** n x k statistics codes. */
  readonly statistics: Uint8Array;
  /** k x 32 counters. */
  readonly counters: Uint8Array;
}

/**
 * Of a padded panel, rows without a measurement up to a full page: all their codes are 0, and no row that was measured is so
 * (VS-20). Of any other, the readings. Rule VP-3a.
 */
export function withBlankRows(
  panel: number,
  readings: readonly (readonly Measured[])[],
): readonly (readonly Measured[])[] {
  if (!isPadded(panel)) return readings;
  const blank = vitalsOf(panelOf(panel)).map((vital) => ({
    ...{ value: clinicalValue(vital, 0), unit: vital.unit },
  }));
  return Array.from({ length: pageRows }, (_, row) => readings[row] ?? blank);
}

/**
 * The codes of up to 64 readings, each with the vital signs of the panel in its order. Throws PANEL_UNKNOWN,
 * EDGES_VERSION, ROW_INCOMPLETE, VALUE_UNIT, VALUE_RANGE, and BODY_LENGTH for none or more than 64.
 */
export function encodePage(
  readings: readonly (readonly (Measured | undefined)[])[],
  { panel: number, edges }: { readonly panel: number; readonly edges: number },
): PageValues {
  const panel = panelOf(number);
  const vitals = vitalsOf(panel);
  const [n, k] = [readings.length, vitals.length];
  if (n < 1 || n > pageRows) throw new CodedError('BODY_LENGTH', { rows: n });
  const clinical = new Uint16Array(n * k);
  const statistics = new Uint8Array(n * k);
  const counters = new Uint8Array(k * histogramBins);
  for (const [row, reading] of readings.entries()) {
    if (reading.length !== k) throw new CodedError('ROW_INCOMPLETE', { row });
    for (const [at, vital] of vitals.entries()) {
      const measured = reading[at];
      const name = panel.vitals[at];
      if (measured === undefined || name === undefined)
        throw new CodedError('ROW_INCOMPLETE', { row });
      const code = clinicalCode(vital, measured.value, measured.unit);
      clinical[row * k + at] = code;
      statistics[row * k + at] = statisticsCode(vital, code);
      const bin = at * histogramBins + histogramBin(name, code, edges);
      counters[bin] = (counters[bin] ?? 0) + 1;
    }
  }
  return { panel: number, edges, n, clinical, statistics, counters };
}

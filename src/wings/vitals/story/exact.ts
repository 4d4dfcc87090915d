import type { Question } from '../api/question.ts';
import { edgesOf } from '../crypto/histogram-edges.ts';
import { panelOf, vitalsOf } from '../crypto/panels.ts';
import { statisticsValue, vitalSigns } from '../crypto/vital-signs.ts';
import type { PanelRow } from '../sdk/sensor/reading.ts';

/** What stands beside an answer: the same number over values in clear, which only the story has. */
interface Exact {
  /** By the name of the answer's figure. */
  readonly figures: Readonly<Record<string, number>>;
  /** What rounding to the codes of the statistics lane may add, beside the noise: in each figure's unit. */
  readonly rounding: number;
}

const mean = (of: readonly number[]): number => of.reduce((sum, it) => sum + it, 0) / of.length;

function covariance(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  return mean(a.map((it, at) => (it - ma) * ((b[at] ?? 0) - mb)));
}

/** The rows as an answer has them: sums and products are of values cut at the ends of their window, counters are not. */
export function asCounted(
  { kind }: Question,
  panel: number,
  rows: readonly PanelRow[],
): readonly PanelRow[] {
  if (kind === 'percentile' || kind === 'prevalence' || kind === 'histogram') return rows;
  const windows = vitalsOf(panelOf(panel)).map((sign) => [
    statisticsValue(sign, 0),
    statisticsValue(sign, 255),
  ]);
  return rows.map((row) => ({
    ...row,
    values: row.values.map(({ value, unit }, at) => {
      const [least = value, most = value] = windows[at] ?? [];
      return { value: Math.min(most, Math.max(least, value)), unit };
    }),
  }));
}

export function exactOf(question: Question, panel: number, rows: readonly PanelRow[]): Exact {
  const column = (at: number): readonly number[] =>
    rows.map(({ values }) => values[at]?.value ?? Number.NaN);
  const name = panelOf(panel).vitals[question.vital] ?? 'heartRate';
  const step = vitalSigns[name].statistics.step / 100_000;
  const values = column(question.vital);
  const variance = covariance(values, values);
  switch (question.kind) {
    case 'mean':
      return { figures: { mean: mean(values) }, rounding: step };
    case 'variance':
      return { figures: { variance, mean: mean(values) }, rounding: step * step + step };
    case 'sd':
      return { figures: { sd: Math.sqrt(variance), mean: mean(values) }, rounding: step };
    case 'covariance':
    case 'correlation': {
      const other = column(question.other);
      const both = covariance(values, other);
      const r = both / Math.sqrt(variance * covariance(other, other));
      return question.kind === 'covariance'
        ? { figures: { covariance: both }, rounding: step }
        : { figures: { correlation: r }, rounding: 0.02 };
    }
    case 'regression': {
      const on = column(question.on[0] ?? 0);
      const slope = covariance(values, on) / covariance(on, on);
      const intercept = mean(values) - slope * mean(on);
      return { figures: { intercept, 'slope 1': slope }, rounding: step };
    }
    case 'percentile': {
      const sorted = [...values].sort((a, b) => a - b);
      const value = sorted[Math.floor((sorted.length * question.perMille) / 1_000)] ?? 0;
      const [one = 0, two = 0] = edgesOf(name, 1);
      return { figures: { percentile: value }, rounding: two - one };
    }
    case 'prevalence': {
      const edge = edgesOf(name, 1)[question.edge] ?? 0;
      const below = values.filter((it) => it < edge).length / values.length;
      return {
        figures: { prevalence: question.side === 'below' ? below : 1 - below },
        rounding: 0.001,
      };
    }
    case 'histogram': {
      const edges = edgesOf(name, 1);
      const bins = Array.from({ length: edges.length + 1 }, () => 0);
      for (const value of values) {
        const bin = edges.filter((edge) => value >= edge).length;
        bins[bin] = (bins[bin] ?? 0) + 1 / values.length;
      }
      return {
        figures: Object.fromEntries(bins.map((it, at) => [`bin ${at + 1}`, it])),
        rounding: 0.001,
      };
    }
  }
}

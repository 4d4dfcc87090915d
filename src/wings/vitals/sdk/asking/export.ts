import type { Figure } from '../statistics/answer.ts';
import type { Answered } from './answered.ts';

const columns = [
  ...['query', 'kind', 'figure', 'told', 'value', 'noise_se', 'sampling_se', 'from', 'to'],
  ...['patients', 'micro_rho', 'raw_value'],
] as const;

/** RFC 4180: a line a figure; what was not told has no number, and never a 0. */
export function answersCsv(answers: readonly Answered[]): string {
  const lines = answers.flatMap((answer) =>
    Object.entries(answer.figures).map(([name, figure]) =>
      [
        ...[answer.query, answer.manifest.question.kind, name, figure.kind],
        ...numbersOf(figure),
        ...[Math.round(answer.patients), answer.manifest.microRho, rawOf(figure) ?? ''],
      ]
        .map(cell)
        .join(','),
    ),
  );
  return [columns.join(','), ...lines, ''].join('\r\n');
}

function numbersOf(figure: Figure): readonly (number | '')[] {
  if (figure.kind !== 'value') {
    const edge = 'edge' in figure ? figure.edge : '';
    return [edge, '', '', '', ''];
  }
  return [figure.value, figure.noise, figure.sampling ?? '', ...figure.interval];
}

/** As the noise left it, also where that cannot be: only so may several answers be averaged. */
const rawOf = (figure: Figure): number | undefined =>
  figure.kind === 'value' ? (figure.raw ?? figure.value) : undefined;

const cell = (value: string | number): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** For notebooks: one record a figure, all columns in each, missing numbers null. */
export function answersJson(
  answers: readonly Answered[],
): readonly Readonly<Record<string, unknown>>[] {
  return answers.flatMap((answer) =>
    Object.entries(answer.figures).map(([figure, said]) => ({
      ...{ query: answer.query, kind: answer.manifest.question.kind, figure, told: said.kind },
      value: said.kind === 'value' ? said.value : null,
      rawValue: rawOf(said) ?? null,
      edge: 'edge' in said ? said.edge : null,
      noiseSe: said.kind === 'value' ? said.noise : null,
      samplingSe: said.kind === 'value' ? (said.sampling ?? null) : null,
      interval: said.kind === 'value' ? said.interval : null,
      ...{ patients: answer.patients, microRho: answer.manifest.microRho, method: answer.method },
    })),
  );
}

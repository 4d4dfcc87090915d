import { bins, type Question } from '../../api/question.ts';
import type { VitalSign } from '../../crypto/vital-signs.ts';
import type { Figure } from './answer.ts';
import { histogramAnswer, percentileAnswer, prevalenceAnswer } from './histogram-answers.ts';
import { momentAnswer } from './moment-answers.ts';
import type { Released } from './released.ts';

/** Everything that an answer says, by name; of a histogram `bin 1` to `bin 32`. `edges`: of the vital sign asked about. */
export function figuresOf(
  question: Question,
  released: Released,
  panel: readonly VitalSign[],
  edges: readonly number[],
): Readonly<Record<string, Figure>> {
  switch (question.kind) {
    case 'percentile':
      return { percentile: percentileAnswer(released, question, edges) };
    case 'prevalence':
      return { prevalence: prevalenceAnswer(released, question) };
    case 'histogram': {
      const all = histogramAnswer(released, edges);
      return Object.fromEntries(
        Array.from({ length: bins }, (_, at) => [
          `bin ${at + 1}`,
          all[at]?.share ?? { kind: 'too few to tell' },
        ]),
      );
    }
    default:
      return momentAnswer(question, released, panel);
  }
}

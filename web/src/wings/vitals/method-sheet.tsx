import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { listed } from '../../app/dates.ts';
import type { AnswerView, MethodView } from './calls-views.ts';
import { cohortName, numberText, useAmounts } from './words.ts';

/** How an answer came about, as a paper says it; all of it follows from what is public. Source: vitals-statistics.md, VQ-40. */
export function MethodSheet({ answer }: { readonly answer: AnswerView }) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  const { kind, vitals, cohort, fromMs, untilMs, query, method } = answer;
  const { windows, purpose, dataset, rho, epsilon, delta, mostReadings } = method;
  const said = [
    t('questions.sheet.what', {
      ...{ what: t(`studies.kinds.${kind}`), of: listed(vitals.map(nameOf)) },
      ...{ whom: cohortName(t, cohort), from: utcText(fromMs), until: utcText(untilMs) },
      batch: method.asOfBatch,
    }),
    t('questions.sheet.why', {
      why: t(`studies.purposes.${purpose}` as 'studies.purposes.trial'),
      ...{ dataset, query },
    }),
    t('questions.sheet.privacy', {
      ...{ rho: numberText(rho), epsilon: numberText(epsilon), delta: numberText(delta) },
      most: mostReadings,
    }),
    t('questions.sheet.noise'),
    t('questions.sheet.deviations', { list: listed(deviations(t, nameOf, method)) }),
    ...windows.map(({ vital, from, to }) =>
      t('questions.sheet.window', {
        name: nameOf(vital),
        from: numberText(from),
        to: numberText(to),
      }),
    ),
    ...(['clamped', 'independent', 'corrected'] as const).map((it) => t(`questions.sheet.${it}`)),
  ];
  return (
    <div className="method sm">
      {said.map((it) => (
        <p key={it}>{it}</p>
      ))}
    </div>
  );
}

/** Of the hours that were asked, which are whole hours of UTC whatever the reader's zone is. */
const utcText = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

type NameOf = ReturnType<typeof useAmounts>['nameOf'];

/** Counters of a distribution have the same noise each: they are said once. */
function deviations(t: TFunction, nameOf: NameOf, { released }: MethodView): readonly string[] {
  const lines = released.map(({ what, of, noise }) =>
    t(`questions.sheet.released.${what}`, {
      ...{ of: listed(of.map(nameOf)), noise: numberText(noise) },
    }),
  );
  return [...new Set(lines)];
}

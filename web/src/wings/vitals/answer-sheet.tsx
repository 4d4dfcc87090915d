import { useTranslation } from 'react-i18next';
import { dayOf, listed, momentText } from '../../app/dates.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { saveFile } from '../../parts/save.ts';
import type { AnswerView } from './calls-questions.ts';
import { figureName, numberText, rhoText, useAmounts } from './words.ts';

/** An answer with its errors, what it cost, its receipt and its method sheet; a number and no number never look alike. */
export function AnswerSheet({ answer }: { readonly answer: AnswerView }) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  const file = useAct('questions.file');
  const { kind, vitals, unit, patients, cohort, fromMs, untilMs, microRho, askedMs } = answer;
  const title = `${t(`studies.kinds.${kind}`)}: ${listed(vitals.map(nameOf))}`;
  const save = (as: 'csv' | 'json') =>
    file.mutate(
      { query: answer.query, as },
      {
        onSuccess: (text) =>
          saveFile(new Blob([text]), `answer-${answer.query.slice(0, 12)}.${as}`),
      },
    );
  return (
    <section className="sheet pad mt answersheet" aria-label={title}>
      <div className="sec-head">
        <h3>{title}</h3>
        <span className="dim sm">{unit}</span>
      </div>
      <Figures answer={answer} />
      <p className="sm mt-s">
        {t('questions.about', { count: patients })}{' '}
        {t('questions.spent', { rho: rhoText(microRho) })}{' '}
        {t('questions.leftNow', { rho: rhoText(answer.leftMicroRho) })}
      </p>
      <p className="sm dim">
        {[dayOf(fromMs), dayOf(untilMs - 1), momentText(askedMs)].join(' · ')} ·{' '}
        <bdi lang="en">{cohort}</bdi>
      </p>
      <details className="mt-s">
        <summary>{t('questions.method')}</summary>
        <pre className="method sm" lang="en" dir="ltr">
          {answer.method}
        </pre>
        <p className="xs dim">
          {t('questions.receipt')}{' '}
          <bdi dir="ltr" className="code-in">
            {answer.tx === '' ? answer.query : answer.tx}
          </bdi>
          <br />
          {t('questions.seals')}{' '}
          <bdi dir="ltr">{answer.seals.map((it) => it.slice(0, 16)).join(' · ')}</bdi>
        </p>
      </details>
      {file.error !== null && <Failed error={file.error} />}
      <div className="acts no-print">
        <button type="button" className="btn line small" onClick={() => save('csv')}>
          <Icon name="save" />
          CSV
        </button>
        <button type="button" className="btn line small" onClick={() => save('json')}>
          <Icon name="save" />
          JSON
        </button>
        <button type="button" className="btn line small" onClick={printThis}>
          <Icon name="print" />
          {t('questions.print')}
        </button>
      </div>
    </section>
  );
}

/** With its method sheet open, and alone: a print is read away from this screen. */
function printThis(event: { readonly currentTarget: HTMLElement }): void {
  const sheet = event.currentTarget.closest('.answersheet');
  sheet?.querySelector('details')?.setAttribute('open', '');
  sheet?.classList.add('printed');
  print();
  sheet?.classList.remove('printed');
}

function Figures({ answer }: { readonly answer: AnswerView }) {
  const { t } = useTranslation();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <section className="scroll" aria-label={t('questions.figures.all')} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('questions.figure')}</th>
            <th scope="col" className="num">
              {t('item.value')}
            </th>
            <th scope="col">{t('questions.interval')}</th>
            <th scope="col" className="num">
              {t('questions.noise')}
            </th>
            <th scope="col" className="num">
              {t('questions.sampling')}
            </th>
          </tr>
        </thead>
        <tbody>
          {answer.figures.map(({ name, figure }) => (
            <tr key={name}>
              <th scope="row">{figureName(t, name)}</th>
              {figure.kind === 'value' ? (
                <>
                  <td className="num b">{numberText(figure.value)}</td>
                  <td>
                    <bdi dir="ltr">
                      {numberText(figure.interval[0])} … {numberText(figure.interval[1])}
                    </bdi>
                  </td>
                  <td className="num">± {numberText(figure.noise)}</td>
                  <td className="num">
                    {figure.sampling === undefined ? '' : `± ${numberText(figure.sampling)}`}
                  </td>
                </>
              ) : (
                <td colSpan={4}>
                  <span className="tag">
                    {figure.kind === 'too few to tell'
                      ? t('questions.tooFew')
                      : t(figure.kind === 'below' ? 'questions.belowEdge' : 'questions.aboveEdge', {
                          edge: numberText(figure.edge),
                        })}
                  </span>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

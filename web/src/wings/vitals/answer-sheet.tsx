import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { listed, momentText } from '../../app/dates.ts';
import { isolated } from '../../app/language.ts';
import { useAct } from '../../boundary/use-call.ts';
import { ActDialog } from '../../parts/act-dialog.tsx';
import { Amount } from '../../parts/amount.tsx';
import { ColumnHeads } from '../../parts/column-heads.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { saveFile } from '../../parts/save.ts';
import type { AnswerView } from './calls-views.ts';
import { MethodSheet } from './method-sheet.tsx';
import { cohortName, daysText, figureName, numberText, rhoText, useAmounts } from './words.ts';

/** An answer with its errors, what it cost, its receipt and its method sheet; a number and no number never look alike. */
export function AnswerSheet({ answer }: { readonly answer: AnswerView }) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  const file = useAct('questions.file');
  const [isForgetting, setForgetting] = useState(false);
  const { kind, vitals, patients, cohort, fromMs, untilMs, microRho, askedMs } = answer;
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
      </div>
      <Figures answer={answer} />
      <p className="sm mt-s">
        {t('questions.about', { count: patients })}{' '}
        {t('questions.spent', { rho: rhoText(microRho) })}{' '}
        {t('questions.leftNow', { rho: rhoText(answer.leftMicroRho) })}
      </p>
      <p className="sm dim">
        {[cohortName(t, cohort), daysText(t, fromMs, untilMs), momentText(askedMs)]
          .map(isolated)
          .join(' · ')}
      </p>
      <p className="sm dim">
        {t(answer.ciphertext === undefined ? 'questions.came.hpke' : 'questions.came.paillier')}
      </p>
      <details className="mt-s">
        <summary>{t('questions.method')}</summary>
        <MethodSheet answer={answer} />
        <p className="xs dim">
          {t('questions.receipt')}{' '}
          <bdi dir="ltr" className="code-in">
            {answer.tx === '' ? answer.query : answer.tx}
          </bdi>
          <br />
          {t('questions.seals')}{' '}
          <bdi dir="ltr">{answer.seals.map((it) => it.slice(0, 16)).join(' · ')}</bdi>
          {answer.ciphertext !== undefined && (
            <>
              <br />
              {t('questions.ciphertext')}{' '}
              <bdi dir="ltr" className="code-in">
                {answer.ciphertext.sha256}
              </bdi>
              <br />
              {t('questions.paillierKey')}{' '}
              <bdi dir="ltr" className="code-in">
                {answer.ciphertext.key}
              </bdi>
            </>
          )}
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
        <button type="button" className="btn line small" onClick={() => setForgetting(true)}>
          <Icon name="erase" />
          {t('questions.forget')}
        </button>
      </div>
      {isForgetting && <Forget query={answer.query} onClose={() => setForgetting(false)} />}
    </section>
  );
}

/** What makes room for other questions, said before it is done: no number comes back. */
function Forget({ query, onClose }: { readonly query: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const act = useAct('questions.forget');
  return (
    <ActDialog
      title={t('questions.forgetTitle')}
      error={act.error}
      onClose={onClose}
      act={
        <button
          type="button"
          className="btn stop"
          disabled={act.isPending}
          onClick={() => act.mutate({ query }, { onSuccess: onClose })}
        >
          {t('questions.forget')}
        </button>
      }
    >
      <p>{t('questions.forgetText')}</p>
    </ActDialog>
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
    <table className="fold">
      <caption className="hide">{t('questions.figures.all')}</caption>
      <ColumnHeads
        columns={[
          { name: t('questions.figure') },
          { name: t('item.value'), isNumber: true },
          { name: t('questions.interval') },
          { name: t('questions.noise'), isNumber: true },
          { name: t('questions.sampling'), isNumber: true },
        ]}
      />
      <tbody>
        {answer.figures.map(({ name, unit, figure }) => (
          <tr key={name}>
            <th scope="row">{figureName(t, name)}</th>
            {figure.kind === 'value' ? (
              <>
                <td className="num">
                  <Amount value={numberText(figure.value)} unit={unit} className="b" />
                </td>
                <td data-l={t('questions.interval')}>
                  <bdi dir="ltr">
                    {numberText(figure.interval[0])} … {numberText(figure.interval[1])}
                  </bdi>
                </td>
                <td className="num" data-l={t('questions.noise')}>
                  <bdi dir="ltr">± {numberText(figure.noise)}</bdi>
                </td>
                {figure.sampling === undefined ? (
                  <td />
                ) : (
                  <td className="num" data-l={t('questions.sampling')}>
                    <bdi dir="ltr">± {numberText(figure.sampling)}</bdi>
                  </td>
                )}
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
  );
}

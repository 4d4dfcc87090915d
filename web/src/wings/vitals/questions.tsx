import { useTranslation } from 'react-i18next';
import { dayOf } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Unanswered } from '../../parts/unanswered.tsx';
import { AnswerSheet } from './answer-sheet.tsx';
import type { AskableView, QuestionsView } from './calls-views.ts';
import { ComparedGroups } from './compared-groups.tsx';
import { QuestionForm } from './question-form.tsx';
import { rhoText } from './words.ts';
import './vitals.css';

/** A researcher's place: what may still be asked, a new question, and what was answered. */
export function QuestionsPage() {
  const { t } = useTranslation();
  const asked = useCall('questions.list', undefined);
  return (
    <main id="page" className="page" tabIndex={-1}>
      {asked.data === undefined ? (
        <Unanswered
          what={t('questions.waiting')}
          error={asked.error}
          again={() => void asked.refetch()}
        />
      ) : (
        <Known view={asked.data} />
      )}
    </main>
  );
}

const open = (it: AskableView): boolean =>
  it.isApproved &&
  !it.isWithdrawn &&
  it.hasReadings &&
  it.leftMicroRho > 0 &&
  it.untilMs > Date.now();

function Known({ view }: { readonly view: QuestionsView }) {
  const { t } = useTranslation();
  const askable = view.askable.filter(open);
  const withdrawn = view.askable.filter((it) => it.isWithdrawn).length;
  const alive = view.askable.filter((it) => !it.isWithdrawn);
  const waiting = alive.filter((it) => !it.isApproved).length;
  const isSpent = alive.some((it) => it.isApproved && it.leftMicroRho === 0);
  const left = Math.max(0, ...askable.map((it) => it.leftMicroRho));
  return (
    <>
      <Answer>
        {askable.length > 0
          ? t('questions.left', { rho: rhoText(left) })
          : t(isSpent ? 'questions.allSpent' : 'questions.nothing')}
      </Answer>
      <p className="lead">
        {t(askable.length > 0 || isSpent ? 'questions.lead' : 'questions.nothingText')}
      </p>
      {waiting > 0 && <p className="sm dim">{t('questions.unapproved', { count: waiting })}</p>}
      {withdrawn > 0 && <p className="sm dim">{t('questions.withdrawn', { count: withdrawn })}</p>}
      {askable.length > 0 && <QuestionForm askable={askable} />}
      <section className="sec">
        <div className="sec-head">
          <h2>{t('questions.asked')}</h2>
        </div>
        {view.asked.length === 0 && <p className="dim">{t('questions.askedNone')}</p>}
        {view.compared.map((it) => (
          <ComparedGroups key={it.groups[0]?.query} compared={it} />
        ))}
        {view.asked.map((it) =>
          it.answer === undefined ? (
            <Unfinished key={it.query} question={it} />
          ) : (
            <AnswerSheet key={it.query} answer={it.answer} />
          ),
        )}
      </section>
    </>
  );
}

/** Written down and perhaps paid: going on with it costs nothing more. */
function Unfinished({ question }: { readonly question: QuestionsView['asked'][number] }) {
  const { t } = useTranslation();
  const goOn = useAct('questions.continue');
  const { query, kind, askedMs } = question;
  return (
    <div className="sheet pad mt">
      <p className="b">{t(`studies.kinds.${kind}`)}</p>
      <p className="sm dim">{t('questions.unfinished', { day: dayOf(askedMs) })}</p>
      {goOn.error !== null && <Failed error={goOn.error} />}
      <div className="acts">
        <button
          type="button"
          className="btn line small"
          disabled={goOn.isPending}
          onClick={() => goOn.mutate({ query })}
        >
          {t(goOn.isPending ? 'questions.asking' : 'questions.goOn')}
        </button>
      </div>
    </div>
  );
}

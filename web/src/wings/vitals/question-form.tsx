import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isolated } from '../../app/language.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import { SelectField } from '../../parts/select-field.tsx';
import type { DraftKind, QuestionDraft } from './calls-questions.ts';
import type { AskableView } from './calls-views.ts';
import { isUseless, Predicted } from './prediction.tsx';
import { AskingProgress, DeliveryChoice } from './question-delivery.tsx';
import { Groups, Whom } from './question-groups.tsx';
import { numberText, rhoText, useAmounts } from './words.ts';

const kinds: readonly DraftKind[] = [
  ...(['mean', 'sd', 'variance', 'percentile', 'prevalence', 'histogram'] as const),
  ...(['covariance', 'correlation', 'regression', 'compare'] as const),
];
const ofTwo: readonly DraftKind[] = ['covariance', 'correlation', 'regression'];
const dayMs = 86_400_000;
const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function firstDraft(askable: readonly AskableView[]): QuestionDraft {
  const [first] = askable;
  return {
    ...{ study: first?.study ?? '', permit: first?.permit ?? '', kind: 'mean' },
    ...{ vital: 0, other: 1, percent: 50, side: 'from', edge: 15, sex: 0, ages: undefined },
    more: [],
    ...{ fromDay: isoDay(Date.now() - 7 * dayMs), toDay: isoDay(Date.now()) },
    microRho: Math.min(100_000, first?.leftMicroRho ?? 100_000),
    delivery: 'hpke',
  };
}

/** What, of whom, when and for how much; how exact it would be is said before anything is spent. */
export function QuestionForm({ askable }: { readonly askable: readonly AskableView[] }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(() => firstDraft(askable));
  const predict = useAct('questions.predict');
  const ask = useAct('questions.ask');
  const study = askable.find((it) => it.permit === draft.permit) ?? askable[0];
  if (study === undefined) return null;
  const groups = groupsIn(draft);
  // Never more than there is, also after another permit or a group more was chosen.
  const most = Math.floor(study.leftMicroRho / groups);
  const priced = { ...draft, microRho: Math.min(draft.microRho, most) };
  const change = (part: Partial<QuestionDraft>) => {
    setDraft((it) => ({ ...it, ...part }));
    predict.reset();
    ask.reset();
  };
  return (
    <section className="sec sheet pad" aria-label={t('questions.new')}>
      <div className="sec-head">
        <h2>{t('questions.new')}</h2>
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          predict.mutate(priced);
        }}
      >
        <div className="asking">
          <What draft={draft} study={study} askable={askable} change={change} />
          {draft.kind !== 'compare' && <Whom id="first" group={draft} change={change} />}
          <When draft={draft} change={change} />
          <Cost draft={priced} groups={groups} study={study} change={change} />
        </div>
        {draft.kind === 'compare' && <Groups draft={draft} change={change} />}
        <p className="hint mt-s">{t('questions.rhoHint', { least: study.least })}</p>
        <DeliveryChoice chosen={draft.delivery} onChoose={(delivery) => change({ delivery })} />
        {predict.error !== null && <Failed error={predict.error} />}
        <NeedsNetwork />
        <div className="acts">
          <button type="submit" className="btn line" disabled={predict.isPending}>
            {t(predict.isPending ? 'questions.predicting' : 'questions.predict')}
          </button>
        </div>
      </form>
      {predict.data !== undefined && (
        <Predicted groups={predict.data}>
          {ask.error !== null && <Failed error={ask.error} />}
          {ask.isPending && <AskingProgress at={ask.progress} delivery={draft.delivery} />}
          <div className="acts">
            <button
              type="button"
              className={isUseless(predict.data) ? 'btn line' : 'btn main'}
              disabled={ask.isPending}
              onClick={() => ask.mutate(priced, { onSuccess: () => predict.reset() })}
            >
              {ask.isPending
                ? t('questions.asking')
                : t('questions.ask', {
                    rho: rhoText(groups * priced.microRho),
                    left: rhoText(study.leftMicroRho),
                  })}
            </button>
          </div>
        </Predicted>
      )}
    </section>
  );
}

/** How many questions it is: each is asked and paid by itself. */
const groupsIn = ({ kind, more }: QuestionDraft): number =>
  kind === 'compare' ? 1 + more.length : 1;

type Change = (part: Partial<QuestionDraft>) => void;

function What({
  draft,
  study,
  askable,
  change,
}: {
  readonly draft: QuestionDraft;
  readonly study: AskableView;
  readonly askable: readonly AskableView[];
  readonly change: Change;
}) {
  const { t } = useTranslation();
  const { nameOf } = useAmounts();
  const vitals = study.vitals.map((it, at) => (
    <option key={it.vital} value={at}>
      {nameOf(it.vital)}
    </option>
  ));
  const place = Math.min(draft.vital, study.vitals.length - 1);
  const { edges = [], unit = '' } = study.vitals[place] ?? {};
  const chosen = (permit: string) => {
    const it = askable.find((one) => one.permit === permit);
    change({ permit, study: it?.study ?? '', vital: 0, other: 1 });
  };
  return (
    <>
      {askable.length > 1 && (
        <SelectField id="study" label={t('questions.study')} value={draft.permit} onChange={chosen}>
          {askable.map((it) => (
            <option key={it.permit} value={it.permit}>
              {it.vitals.map(({ vital }) => nameOf(vital)).join(' · ')}
            </option>
          ))}
        </SelectField>
      )}
      <SelectField
        id="kind"
        label={t('questions.kind')}
        value={draft.kind}
        onChange={(kind) => change(ofKind(kind as DraftKind, draft))}
      >
        {kinds
          .filter((it) => !ofTwo.includes(it) || study.vitals.length > 1)
          .map((it) => (
            <option key={it} value={it}>
              {it === 'compare' ? t('questions.compare') : t(`studies.kinds.${it}`)}
            </option>
          ))}
      </SelectField>
      <SelectField
        id="vital"
        label={t('questions.of')}
        value={place}
        onChange={(it) => change({ vital: Number(it) })}
      >
        {vitals}
      </SelectField>
      {ofTwo.includes(draft.kind) && (
        <SelectField
          id="other"
          label={t(draft.kind === 'regression' ? 'questions.explainedBy' : 'questions.with')}
          value={draft.other}
          onChange={(it) => change({ other: Number(it) })}
        >
          {vitals}
        </SelectField>
      )}
      {draft.kind === 'percentile' && (
        <div className="field">
          <label htmlFor="percent">{t('questions.percent')}</label>
          <input
            id="percent"
            className="in-text"
            type="number"
            min="1"
            max="99"
            value={draft.percent}
            onChange={(event) => change({ percent: Number(event.target.value) })}
          />
        </div>
      )}
      {draft.kind === 'prevalence' && (
        <>
          <SelectField
            id="side"
            label={t('questions.side')}
            value={draft.side}
            onChange={(side) => change({ side: side as QuestionDraft['side'] })}
          >
            <option value="below">{t('questions.below')}</option>
            <option value="from">{t('questions.from')}</option>
          </SelectField>
          <SelectField
            id="edge"
            label={t('questions.edge')}
            value={draft.edge}
            onChange={(it) => change({ edge: Number(it) })}
          >
            {edges.map((it, at) => (
              <option key={it} value={at}>
                {isolated(`${numberText(it)}\u00a0${unit}`)}
              </option>
            ))}
          </SelectField>
        </>
      )}
    </>
  );
}

/** Two groups at least are compared: women and men, unless others were chosen. */
function ofKind(kind: DraftKind, { sex, more }: QuestionDraft): Partial<QuestionDraft> {
  if (kind !== 'compare' || more.length > 0) return { kind };
  const second = { id: 2, sex: sex === 2 ? 1 : 2, ages: undefined };
  return { kind, sex: sex === 0 ? 1 : sex, more: [second] };
}

function When({ draft, change }: { readonly draft: QuestionDraft; readonly change: Change }) {
  const { t } = useTranslation();
  return (
    <>
      {(['fromDay', 'toDay'] as const).map((it) => (
        <div key={it} className="field">
          <label htmlFor={it}>{t(`questions.${it}`)}</label>
          <input
            id={it}
            className="in-text"
            type="date"
            required
            value={draft[it]}
            onChange={(event) => change({ [it]: event.target.value })}
          />
        </div>
      ))}
    </>
  );
}

const costs = [10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000];

function Cost({
  draft,
  groups,
  study,
  change,
}: {
  readonly draft: QuestionDraft;
  readonly groups: number;
  readonly study: AskableView;
  readonly change: Change;
}) {
  const { t } = useTranslation();
  const { leftMicroRho } = study;
  const most = Math.floor(leftMicroRho / groups);
  const may = [...costs.filter((it) => it < most), most];
  return (
    <SelectField
      id="rho"
      label={t(groups > 1 ? 'questions.rhoEach' : 'questions.rho')}
      value={draft.microRho}
      onChange={(it) => change({ microRho: Number(it) })}
    >
      {may.map((it) => (
        <option key={it} value={it}>
          {t('questions.rhoOf', { rho: rhoText(it), left: rhoText(leftMicroRho) })}
        </option>
      ))}
    </SelectField>
  );
}

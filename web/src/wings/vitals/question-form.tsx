import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import type {
  AskableView,
  PredictionView,
  QuestionDraft,
  QuestionKind,
} from './calls-questions.ts';
import { figureName, numberText, rhoText, useAmounts } from './words.ts';

const kinds: readonly QuestionKind[] = [
  ...(['mean', 'sd', 'variance', 'percentile', 'prevalence', 'histogram'] as const),
  ...(['covariance', 'correlation', 'regression'] as const),
];
const ofTwo: readonly QuestionKind[] = ['covariance', 'correlation', 'regression'];
const dayMs = 86_400_000;
const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function firstDraft(askable: readonly AskableView[]): QuestionDraft {
  const [first] = askable;
  return {
    ...{ study: first?.study ?? '', permit: first?.permit ?? '', kind: 'mean' },
    ...{ vital: 0, other: 1, percent: 50, side: 'from', edge: 15, sex: 0, ages: undefined },
    ...{ fromDay: isoDay(Date.now() - 7 * dayMs), toDay: isoDay(Date.now()) },
    microRho: Math.min(100_000, first?.leftMicroRho ?? 100_000),
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
          predict.mutate(draft);
        }}
      >
        <div className="asking">
          <What draft={draft} study={study} askable={askable} change={change} />
          <Whom draft={draft} change={change} />
          <Cost draft={draft} study={study} change={change} />
        </div>
        <p className="hint mt-s">{t('questions.rhoHint', { least: study.least })}</p>
        {predict.error !== null && <Failed error={predict.error} />}
        <NeedsNetwork />
        <div className="acts">
          <button type="submit" className="btn line" disabled={predict.isPending}>
            {t(predict.isPending ? 'questions.predicting' : 'questions.predict')}
          </button>
        </div>
      </form>
      {predict.data !== undefined && (
        <Predicted said={predict.data}>
          {ask.error !== null && <Failed error={ask.error} />}
          <div className="acts">
            <button
              type="button"
              className={isUseless(predict.data) ? 'btn line' : 'btn main'}
              disabled={ask.isPending}
              onClick={() => ask.mutate(draft, { onSuccess: () => predict.reset() })}
            >
              {ask.isPending
                ? t('questions.asking')
                : t('questions.ask', {
                    rho: rhoText(draft.microRho),
                    left: rhoText(study.leftMicroRho),
                  })}
            </button>
          </div>
        </Predicted>
      )}
    </section>
  );
}

type Change = (part: Partial<QuestionDraft>) => void;

function Choice({
  id,
  label,
  value,
  onChange,
  children,
}: {
  readonly id: string;
  readonly label: string;
  readonly value: string | number;
  readonly onChange: (value: string) => void;
  readonly children: ReactNode;
}) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="in-text"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      >
        {children}
      </select>
    </div>
  );
}

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
        <Choice id="study" label={t('questions.study')} value={draft.permit} onChange={chosen}>
          {askable.map((it) => (
            <option key={it.permit} value={it.permit}>
              {it.vitals.map(({ vital }) => nameOf(vital)).join(' · ')}
            </option>
          ))}
        </Choice>
      )}
      <Choice
        id="kind"
        label={t('questions.kind')}
        value={draft.kind}
        onChange={(kind) => change({ kind: kind as QuestionKind })}
      >
        {kinds
          .filter((it) => !ofTwo.includes(it) || study.vitals.length > 1)
          .map((it) => (
            <option key={it} value={it}>
              {t(`studies.kinds.${it}`)}
            </option>
          ))}
      </Choice>
      <Choice
        id="vital"
        label={t('questions.of')}
        value={place}
        onChange={(it) => change({ vital: Number(it) })}
      >
        {vitals}
      </Choice>
      {ofTwo.includes(draft.kind) && (
        <Choice
          id="other"
          label={t(draft.kind === 'regression' ? 'questions.explainedBy' : 'questions.with')}
          value={draft.other}
          onChange={(it) => change({ other: Number(it) })}
        >
          {vitals}
        </Choice>
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
          <Choice
            id="side"
            label={t('questions.side')}
            value={draft.side}
            onChange={(side) => change({ side: side as QuestionDraft['side'] })}
          >
            <option value="below">{t('questions.below')}</option>
            <option value="from">{t('questions.from')}</option>
          </Choice>
          <Choice
            id="edge"
            label={t('questions.edge')}
            value={draft.edge}
            onChange={(it) => change({ edge: Number(it) })}
          >
            {edges.map((it, at) => (
              <option key={it} value={at}>{`${numberText(it)} ${unit}`}</option>
            ))}
          </Choice>
        </>
      )}
    </>
  );
}

const decades = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90];

function Whom({ draft, change }: { readonly draft: QuestionDraft; readonly change: Change }) {
  const { t } = useTranslation();
  const ages = draft.ages ?? [0, 120];
  return (
    <>
      <Choice
        id="sex"
        label={t('questions.sex')}
        value={draft.sex}
        onChange={(it) => change({ sex: Number(it) })}
      >
        {(['everybody', 'women', 'men', 'others'] as const).map((it, at) => (
          <option key={it} value={at}>
            {t(`questions.sexes.${it}`)}
          </option>
        ))}
      </Choice>
      <Choice
        id="ages"
        label={t('questions.ages')}
        value={draft.ages === undefined ? '' : ages[0]}
        onChange={(it) =>
          change({
            ages: it === '' ? undefined : [Number(it), Number(it) === 90 ? 120 : Number(it)],
          })
        }
      >
        <option value="">{t('questions.sexes.everybody')}</option>
        {decades.map((it) => (
          <option key={it} value={it}>
            {it === 90 ? t('questions.agesFrom', { from: it }) : `${it}–${it + 9}`}
          </option>
        ))}
      </Choice>
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
  study,
  change,
}: {
  readonly draft: QuestionDraft;
  readonly study: AskableView;
  readonly change: Change;
}) {
  const { t } = useTranslation();
  const { leftMicroRho } = study;
  const may = [...costs.filter((it) => it < leftMicroRho), leftMicroRho];
  return (
    <Choice
      id="rho"
      label={t('questions.rho')}
      value={Math.min(draft.microRho, leftMicroRho)}
      onChange={(it) => change({ microRho: Number(it) })}
    >
      {may.map((it) => (
        <option key={it} value={it}>
          {t('questions.rhoOf', { rho: rhoText(it), left: rhoText(leftMicroRho) })}
        </option>
      ))}
    </Choice>
  );
}

const isUseless = ({ figures }: PredictionView): boolean => figures.every((it) => it.useless);

/** What noise would do, of each figure; what is useless is said before it is paid. */
function Predicted({
  said,
  children,
}: {
  readonly said: PredictionView;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  const { patients, figures } = said;
  return (
    <div className={isUseless(said) ? 'note warn mt' : 'note mt'} role="status">
      <Icon name={isUseless(said) ? 'attend' : 'info'} />
      <div>
        <p className="h">
          {t(isUseless(said) ? 'questions.useless' : 'questions.useful', { count: patients })}
        </p>
        <ul className="sm">
          {figures.map(({ name, noise, tolerance, useless }) => (
            <li key={name}>
              <span className="b">{figureName(t, name)}</span>{' '}
              {noise === undefined
                ? t('questions.tooFew')
                : t('questions.noiseOf', {
                    noise: numberText(noise),
                    tolerance: numberText(tolerance),
                  })}{' '}
              {useless && <span className="tag bad">{t('questions.uselessOne')}</span>}
            </li>
          ))}
        </ul>
        {children}
      </div>
    </div>
  );
}

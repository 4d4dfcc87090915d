import { useDeferredValue, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { dayInWords } from '../../app/dates.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { iconOfClass } from '../../parts/record-row.tsx';
import { Unanswered } from '../../parts/unanswered.tsx';
import type { RecordView } from '../../worker/calls/record.ts';
import { SaveAll } from './record-save.tsx';
import { Timeline } from './timeline.tsx';

/** The whole record by day, newest first; a year is a place, kinds and the search are in memory only. */
export function RecordPage() {
  const { t } = useTranslation();
  const params = useParams();
  const year = /^\d{4}$/u.test(params.year ?? '') ? Number(params.year) : undefined;
  const [recordClass, setClass] = useState<string>();
  const [text, setText] = useState('');
  const filter = { recordClass, year, text: useDeferredValue(text) };
  const fresh = useCall('record.fresh', undefined);
  const edition = fresh.data ?? 0;
  const view = useCall(
    'record.view',
    { ...filter, edition },
    { enabled: fresh.data !== undefined, keep: true },
  );
  const error = fresh.error ?? view.error;
  const again = () => void (fresh.error === null ? view : fresh).refetch();
  const clear = () => {
    setClass(undefined);
    setText('');
  };
  return (
    <main id="page" className="page" tabIndex={-1}>
      {error !== null && view.data !== undefined && <Failed error={error} again={again} />}
      {view.data === undefined ? (
        <Unanswered what={t('timeline.waiting')} error={error} again={again}>
          <WaitingRows />
        </Unanswered>
      ) : view.data.total + view.data.erased === 0 ? (
        <Nothing />
      ) : (
        <>
          <RecordAnswer view={view.data} year={year} />
          <div className="acts">
            <Link className="btn main" to="/add">
              <Icon name="add" />
              {t('timeline.add')}
            </Link>
            <SaveAll />
          </div>
          <div className="sec">
            <label className="hide" htmlFor="find">
              {t('timeline.find')}
            </label>
            <div className="search">
              <Icon name="search" />
              <input
                className="in-text"
                id="find"
                type="search"
                autoComplete="off"
                placeholder={t('timeline.find')}
                aria-describedby="find-hint"
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
            </div>
            <p className="hint mt-s" id="find-hint">
              {t('timeline.findHint')}
            </p>
          </div>
          <Kinds view={view.data} chosen={recordClass} onChoose={setClass} />
          <Years view={view.data} year={year} />
          <p className="hide" role="status">
            {text === '' ? '' : t('timeline.found', { count: view.data.found })}
          </p>
          {view.data.found === 0 ? (
            <div className="sec">
              <p className="dim">{t('timeline.none')}</p>
              <div className="acts">
                <button type="button" className="btn line" onClick={clear}>
                  {t('timeline.clear')}
                </button>
              </div>
            </div>
          ) : (
            <Timeline
              key={JSON.stringify(filter)}
              filter={filter}
              edition={view.data.edition}
              count={view.data.found}
            />
          )}
        </>
      )}
    </main>
  );
}

function RecordAnswer({
  view,
  year,
}: {
  readonly view: RecordView;
  readonly year: number | undefined;
}) {
  const { t } = useTranslation();
  const ofYear = view.years.find((it) => it.year === year)?.count ?? 0;
  const entries = t('timeline.entries', { count: year === undefined ? view.total : ofYear });
  return (
    <>
      <Answer>
        {year === undefined ? (
          <Trans
            i18nKey="timeline.answer"
            values={{
              entries,
              first: dayInWords((view.first ?? '').slice(0, 4)),
              last: dayInWords(view.last ?? ''),
            }}
            components={{ em: <em /> }}
          />
        ) : (
          <Trans
            i18nKey="timeline.answerYear"
            values={{ entries, year: String(year) }}
            components={{ em: <em /> }}
          />
        )}
      </Answer>
      <p className="lead">
        {view.byOthers === 0
          ? t('timeline.broughtAll')
          : t('timeline.byOthers', { count: view.byOthers })}
      </p>
    </>
  );
}

function Kinds({
  view,
  chosen,
  onChoose,
}: {
  readonly view: RecordView;
  readonly chosen: string | undefined;
  readonly onChoose: (recordClass: string | undefined) => void;
}) {
  const { t } = useTranslation();
  const all = view.classes.reduce((sum, it) => sum + it.count, 0);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is sent; these show and hide.
    <div className="chips roll mt" role="group" aria-label={t('timeline.only')}>
      <button
        type="button"
        className="chip"
        aria-pressed={chosen === undefined}
        onClick={() => onChoose(undefined)}
      >
        {t('timeline.everything')} <span className="dim n">{all}</span>
      </button>
      {view.classes.map(({ recordClass, count }) => (
        <button
          key={recordClass}
          type="button"
          className="chip"
          aria-pressed={chosen === recordClass}
          onClick={() => onChoose(chosen === recordClass ? undefined : recordClass)}
        >
          <Icon name={iconOfClass(recordClass)} />
          {t(`classes.${recordClass}` as 'classes.lab')} <span className="dim n">{count}</span>
        </button>
      ))}
    </div>
  );
}

function Years({ view, year }: { readonly view: RecordView; readonly year: number | undefined }) {
  const { t } = useTranslation();
  return (
    <nav className="chips roll mt years" aria-label={t('timeline.years')}>
      <Link className="chip" to="/record" aria-current={year === undefined ? 'true' : undefined}>
        {t('timeline.allYears')}
      </Link>
      {view.years.map((it) => (
        <Link
          key={it.year}
          className="chip"
          to={`/record/${it.year}`}
          aria-current={year === it.year ? 'true' : undefined}
        >
          {it.year}
        </Link>
      ))}
    </nav>
  );
}

function Nothing() {
  const { t } = useTranslation();
  return (
    <>
      <Answer>{t('timeline.empty')}</Answer>
      <p className="lead">{t('timeline.emptyText')}</p>
      <div className="acts">
        <Link className="btn main" to="/add">
          <Icon name="add" />
          {t('timeline.add')}
        </Link>
        <Link className="btn line" to="/add" state={{ type: true }}>
          <Icon name="write" />
          {t('timeline.type')}
        </Link>
      </div>
    </>
  );
}

function WaitingRows() {
  return (
    <ul className="sheet rows sec" aria-hidden="true">
      {['w70', 'w50', 'w80', 'w60'].map((it) => (
        <li key={it} className="row">
          <span className="glyph" />
          <span>
            <span className={`sk ${it}`} />
            <span className="sk w40" />
          </span>
          <span />
        </li>
      ))}
    </ul>
  );
}

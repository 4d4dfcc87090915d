import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { comma } from '../../app/language.ts';
import { Marks } from '../../parts/marks.tsx';
import type { EntryView, Part } from '../../worker/chart-view.ts';
import { SilenceWords, statusWord } from './banner.tsx';
import { ageOf, dateOf, useSourceWords } from './chart-words.ts';

/** Old in words: never only a date that nobody reads. */
export function Age({ of }: { readonly of: Pick<EntryView, 'dateMs'> }) {
  const { t } = useTranslation();
  const years = ageOf(of);
  return years === undefined ? null : (
    <>
      {comma()}
      <span className="old">{t('parts.yearsOld', { count: years })}</span>
    </>
  );
}

/** An entry with its source and its date; its name leads to it. */
export function Entry({
  entry,
  patient,
  children,
}: {
  readonly entry: EntryView;
  readonly patient: string;
  /** What comes before source and date: a dose, a text. */
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation();
  const sourceOf = useSourceWords();
  const status = statusWord(entry.status);
  return (
    <li>
      <Link className="t" to={`/chart/${patient}/item/${entry.handle}`}>
        <bdi>{entry.name === '' ? t('record.unnamed') : entry.name}</bdi>
      </Link>{' '}
      <Marks of={entry.marks} />{' '}
      {status !== undefined && status !== 'active' && (
        <span className="tag">{t(`chart.status.${status}`)}</span>
      )}{' '}
      {entry.isMine && <span className="tag">{t('chart.signedByYou')}</span>}{' '}
      {entry.isAmended && <span className="tag">{t('chart.amended')}</span>}
      <br />
      <span className="s">
        {children}
        {t('chart.from', { source: sourceOf(entry.source), date: dateOf(entry) })}
        <Age of={entry} />
      </span>
    </li>
  );
}

/** A part of the chart: being opened, silent in one of the ways, or known. */
export function ChartSection<T>({
  title,
  part,
  head,
  children,
}: {
  readonly title: string;
  readonly part: Part<T> | undefined;
  readonly head?: ReactNode;
  readonly children: (entries: readonly T[]) => ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{title}</h2>
        {head}
      </div>
      {part === undefined ? (
        <div aria-busy="true">
          <p className="hide">{t('chart.partOpening')}</p>
          <span className="sk w80" />
          <span className="sk w60" />
        </div>
      ) : part.silence === undefined ? (
        children(part.entries)
      ) : (
        <p className="sm">
          <SilenceWords silence={part.silence} />
        </p>
      )}
    </section>
  );
}

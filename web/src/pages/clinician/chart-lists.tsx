import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChartView, EntryView, Part } from '../../worker/chart-view.ts';
import { SilenceWords } from './banner.tsx';
import { dateOf } from './chart-words.ts';
import { Entry } from './entry.tsx';

const firstDocuments = 6;

export function Entries({
  entries,
  patient,
}: {
  readonly entries: readonly EntryView[];
  readonly patient: string;
}) {
  return (
    <ul className="list">
      {entries.map((it) => (
        <Entry key={it.handle} entry={it} patient={patient}>
          {it.text !== '' && <bdi className="excerpt">{it.text}</bdi>}
        </Entry>
      ))}
    </ul>
  );
}

export function Medicines({
  entries,
  patient,
}: {
  readonly entries: readonly EntryView[];
  readonly patient: string;
}) {
  const { t } = useTranslation();
  return (
    <ul className="list">
      {entries.map((it) => (
        <Entry key={it.handle} entry={it} patient={patient}>
          {it.dosage === undefined ? (
            it.isAsNeeded ? (
              t('chart.asNeeded')
            ) : (
              t('chart.noDose')
            )
          ) : (
            <bdi>{it.dosage}</bdi>
          )}
          {'. '}
        </Entry>
      ))}
    </ul>
  );
}

export function Documents({
  entries,
  patient,
}: {
  readonly entries: readonly EntryView[];
  readonly patient: string;
}) {
  const { t } = useTranslation();
  const first = entries.slice(0, firstDocuments);
  const rest = entries.slice(firstDocuments);
  return (
    <>
      <Entries entries={first} patient={patient} />
      <Folded entries={rest} patient={patient}>
        {t('chart.moreDocuments', { count: rest.length })}
      </Folded>
    </>
  );
}

/** Folded by meaning, never to save space; the line says what is in it. */
export function Folded({
  entries,
  patient,
  children,
}: {
  readonly entries: readonly EntryView[];
  readonly patient: string;
  readonly children: ReactNode;
}) {
  const [isOpen, setOpen] = useState(false);
  if (entries.length === 0) return null;
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="btn bare small">{children}</summary>
      {isOpen && <Entries entries={entries} patient={patient} />}
    </details>
  );
}

export function Also({ chart }: { readonly chart: ChartView }) {
  const { t } = useTranslation();
  const vaccines = chart.vaccines?.entries ?? [];
  const [last] = vaccines;
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('chart.also')}</h2>
      </div>
      <Asked name={t('chart.vaccines')} part={chart.vaccines}>
        {last !== undefined &&
          t('chart.vaccinesLast', {
            count: vaccines.length,
            name: last.name,
            date: dateOf(last),
          })}
        <Folded entries={vaccines} patient={chart.handle}>
          {t('chart.list')}
        </Folded>
      </Asked>
      <Asked name={t('chart.familyHistory')} part={chart.familyHistory}>
        <Entries entries={chart.familyHistory?.entries ?? []} patient={chart.handle} />
      </Asked>
      <Asked name={t('chart.implants')} part={chart.implants}>
        <Entries entries={chart.implants?.entries ?? []} patient={chart.handle} />
      </Asked>
    </section>
  );
}

function Asked({
  name,
  part,
  children,
}: {
  readonly name: string;
  readonly part: Part<EntryView> | undefined;
  readonly children: ReactNode;
}) {
  return (
    <div className="void">
      <b>{name}</b>
      <div>
        {part === undefined ? (
          <span className="sk w50" />
        ) : part.silence === undefined ? (
          children
        ) : (
          <SilenceWords silence={part.silence} />
        )}
      </div>
    </div>
  );
}

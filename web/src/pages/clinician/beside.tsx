import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { momentText } from '../../app/dates.ts';
import { comma } from '../../app/language.ts';
import { unitShown } from '../../boundary/units.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Amount } from '../../parts/amount.tsx';
import { Flag } from '../../parts/value.tsx';
import type { ChartView, EntryView, Part } from '../../worker/chart-view.ts';
import { SilenceWords, statusWord } from './banner.tsx';
import { dateOf } from './chart-words.ts';

const mostTests = 4;

/** What somebody looks up while writing: flagged results, allergies, medicines; and the other drafts. */
export function Beside({
  chart,
  place,
}: {
  readonly chart: ChartView | undefined;
  /** The draft that is on the page. */
  readonly place: string | undefined;
}) {
  const { t } = useTranslation();
  const drafts = useCall('drafts.list', undefined);
  const others = (drafts.data ?? []).filter((it) => it.place !== place);
  const flagged = (chart?.tests?.entries ?? [])
    .filter(({ last }) => !['', 'N', 'range:N'].includes(last.flag))
    .slice(0, mostTests);
  return (
    <div>
      {chart !== undefined && (
        <section className="sec side1">
          <div className="sec-head">
            <h2>{t('write.beside')}</h2>
          </div>
          <ul className="list">
            {flagged.map(({ last }) => (
              <li key={last.handle}>
                <bdi className="s">{last.name}</bdi>
                <br />
                <Amount value={last.value} unit={unitShown(last.unit)} /> <Flag flag={last.flag} />{' '}
                <span className="s">{dateOf(last)}</span>
              </li>
            ))}
            <Names title={t('chart.allergies')} part={chart.allergies} />
            <Names title={t('chart.medicines')} part={chart.medicines} />
          </ul>
        </section>
      )}
      {others.length > 0 && (
        <section className="sec">
          <div className="sec-head">
            <h2>{t('write.otherDrafts')}</h2>
          </div>
          <ul className="list">
            {others.map((it) => (
              <li key={it.place}>
                <Link to={`/chart/${it.patient}/write/${it.place}`}>
                  <bdi>{it.patientName === '' ? t('patients.unnamed') : it.patientName}</bdi>
                </Link>
                <br />
                <span className="s">
                  {t(`write.kinds.${it.kind}`)}
                  {comma()}
                  {momentText(it.keptMs)}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function Names({
  title,
  part,
}: {
  readonly title: string;
  readonly part: Part<EntryView> | undefined;
}) {
  if (part === undefined) return null;
  return (
    <li>
      <span className="s">{title}</span>
      <br />
      {part.silence === undefined ? (
        part.entries.map((it, at) => (
          <span key={it.handle}>
            {at > 0 && ' · '}
            <bdi>{it.name}</bdi> <Status of={it} />
          </span>
        ))
      ) : (
        <SilenceWords silence={part.silence} />
      )}
    </li>
  );
}

function Status({ of: { status } }: { readonly of: EntryView }) {
  const { t } = useTranslation();
  const word = statusWord(status);
  return word === undefined || word === 'active' ? null : (
    <span className="tag">{t(`chart.status.${word}`)}</span>
  );
}

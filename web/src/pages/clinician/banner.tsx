import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { clinicalDay, dayOf, yearsOld } from '../../app/dates.ts';
import { inLine } from '../../app/language.ts';
import { Icon } from '../../parts/icon.tsx';
import type { BannerView, ChartView, EntryView, Silence } from '../../worker/chart-view.ts';
import { dateOf, useSourceWords } from './chart-words.ts';

/**
 * Who it is and what must not be given: it stays while the chart is scrolled, in Write and in print. `isHeading`: its name
 * is the page's heading.
 */
export function Banner({
  chart,
  name,
  isHeading = false,
  children,
}: {
  readonly chart: ChartView | undefined;
  /** Of the card, until the chart has come. */
  readonly name?: string | undefined;
  readonly isHeading?: boolean;
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation();
  const Name = isHeading ? 'h1' : 'p';
  const banner = chart?.banner;
  if (banner === undefined) {
    return (
      <section className="banner" aria-label={t('chart.patient')} aria-busy="true">
        <div className="banner-in">
          {name === undefined ? (
            <>
              <Name className="hide">{t('chart.opening')}</Name>
              <span className="sk h2 w40" />
            </>
          ) : (
            <Name className="bname">
              <bdi>{name}</bdi>
            </Name>
          )}
          <p className="allergy dim">{t('chart.allergiesComing')}</p>
        </div>
      </section>
    );
  }
  const { person } = banner;
  const isShared = chart?.shared.isPart === false && chart.shared.readClasses.includes('summary');
  const unsaid =
    chart?.isFromDevice === true
      ? t('silence.notHere')
      : t(isShared ? 'silence.notRecorded' : 'silence.notShared');
  return (
    <section className="banner" aria-label={t('chart.patient')}>
      <div className="banner-in">
        <Name className="bname" title={nameOf(banner)}>
          <bdi>{nameOf(banner)}</bdi>
        </Name>
        <dl>
          <div>
            <dt>{t('chart.born')}</dt>
            <dd>{person === undefined ? unsaid : <Born born={person.born} />}</dd>
          </div>
          <div>
            <dt>{t('chart.sex')}</dt>
            <dd>{person === undefined ? unsaid : <Sex sex={person.sex} />}</dd>
          </div>
          {person?.died !== undefined && (
            <div>
              <dt>{t('chart.died')}</dt>
              <dd>{person.died === 'yes' ? t('chart.yes') : clinicalDay(person.died)}</dd>
            </div>
          )}
          <div className="wide no-print">
            <dt>{t('chart.openToYou')}</dt>
            <dd>{t('chart.until', { day: dayOf(chart?.shared.untilMs ?? 0) })}</dd>
          </div>
        </dl>
        <div className="acts0 wide no-print">{children}</div>
        <Allergies chart={chart} />
        {banner.isNamedOtherwise && (
          <p className="allergy">
            <span className="old">{t('chart.namedOtherwise', { name: banner.name })}</span>
          </p>
        )}
      </div>
    </section>
  );
}

/** `BREKKE, Eboni`: as the chart has it; without a Patient entry the card's. */
export function nameOf({ name, person }: BannerView): string {
  if (person === undefined || person.family === '') return name;
  const family = person.family.toLocaleUpperCase();
  return person.given === '' ? family : `${family}, ${person.given}`;
}

export function Born({ born }: { readonly born: string }) {
  const { t } = useTranslation();
  if (born === '') return <>{t('silence.notRecorded')}</>;
  const ms = Date.parse(born.length === 4 ? `${born}-01-01` : born);
  return <>{t('chart.bornAged', { day: clinicalDay(born), count: yearsOld(ms) })}</>;
}

function Sex({ sex }: { readonly sex: string | undefined }) {
  const { t } = useTranslation();
  const known = ['female', 'male', 'other'] as const;
  const found = known.find((it) => it === sex);
  return <>{found === undefined ? t('silence.notRecorded') : t(`chart.sexes.${found}`)}</>;
}

/** The second line, which is always there. */
function Allergies({ chart }: { readonly chart: ChartView | undefined }) {
  const { t } = useTranslation();
  const allergies = chart?.allergies;
  if (allergies === undefined) return <p className="allergy dim">{t('chart.allergiesComing')}</p>;
  if (allergies.silence !== undefined) {
    return (
      <p className="allergy">
        <span className="dim">{t('chart.allergies')}</span>{' '}
        <SilenceWords silence={allergies.silence} />
      </p>
    );
  }
  return (
    <p className="allergy">
      <span className="h">
        <Icon name="attend" />
        {t('chart.allergies')}
      </span>
      {allergies.entries.map((it) => (
        <Allergy key={it.handle} entry={it} />
      ))}
    </p>
  );
}

function Allergy({ entry }: { readonly entry: EntryView }) {
  const { t } = useTranslation();
  const risk =
    entry.criticality === 'high' ? 'high' : entry.criticality === 'low' ? 'low' : undefined;
  const known = ['food', 'medication', 'environment', 'biologic'] as const;
  const parts = [
    ...known.filter((it) => entry.categories.includes(it)).map((it) => t(`chart.kinds.${it}`)),
    ...entry.reactions,
    ...(risk === undefined ? [] : [t(`chart.risks.${risk}`)]),
    dateOf(entry),
  ];
  const status = statusWord(entry.status);
  return (
    <span>
      <b>
        <bdi>{entry.name}</bdi>
      </b>{' '}
      {status !== undefined && status !== 'active' && (
        <span className="tag">{t(`chart.status.${status}`)}</span>
      )}{' '}
      <span className="dim wide">{inLine(parts)}</span>
    </span>
  );
}

const statuses = [
  ...(['active', 'resolved', 'inactive', 'remission', 'recurrence', 'relapse'] as const),
  ...(['completed', 'stopped', 'cancelled', 'ended', 'on-hold', 'draft', 'intended'] as const),
];

/** Undefined: the source says none, or one that no word is for. */
export const statusWord = (status: string | undefined): (typeof statuses)[number] | undefined =>
  statuses.find((it) => it === status);

/** Keys in `words.silence`. */
export const silenceWords = {
  'not recorded': 'notRecorded',
  'not shared': 'notShared',
  'none now': 'noneNow',
  unreadable: 'unreadable',
  'not here': 'notHere',
} as const;

/** Not recorded, None known and Not shared with you are three things; what did not open is a fourth. */
export function SilenceWords({ silence }: { readonly silence: Silence }) {
  const { t } = useTranslation();
  const sourceOf = useSourceWords();
  if (silence.kind === 'none known') {
    const when = silence.date === '' ? '' : clinicalDay(silence.date);
    const asked = [sourceOf(silence.by), ...(when === '' ? [] : [when])];
    return (
      <span>
        <b>{t('silence.noneKnown')}</b> <span className="dim">{inLine(asked)}</span>
      </span>
    );
  }
  const key = silenceWords[silence.kind];
  return (
    <span>
      <b>{t(`silence.${key}`)}</b> <span className="dim">{t(`silence.${key}Text`)}</span>
    </span>
  );
}

/** For whom, as a sentence asks it: `Eboni Brekke, born 10 Jul 1995`. */
export function usePatientNamed(): (chart: ChartView) => string {
  const { t } = useTranslation();
  return ({ banner }) => {
    const name = banner === undefined ? '' : banner.name === '' ? nameOf(banner) : banner.name;
    const born = banner?.person?.born ?? '';
    return born === ''
      ? t('write.namedUnborn', { name })
      : t('write.named', { name, day: clinicalDay(born) });
  };
}

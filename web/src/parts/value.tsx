import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { clinicalDay, shortDayOf, yearsOld } from '../app/dates.ts';
import { comma } from '../app/language.ts';
import type { LastValue } from '../worker/calls/home.ts';
import { Amount } from './amount.tsx';
import { Marks } from './marks.tsx';

/** `range:H` and `H` say the same to a reader; whose judgement it is stands in Proof. */
const bare = (flag: string): string => flag.replace(/^range:/u, '');
const critical = new Set(['HH', 'LL', 'AA']);
const high = new Set(['H', 'HU', 'HH', 'U']);
const low = new Set(['L', 'LU', 'LL', 'D']);

/** Triangle and word; amber, red only for the source's critical codes. A normal value has none. */
export function Flag({ flag }: { readonly flag: string }) {
  const { t } = useTranslation();
  const code = bare(flag);
  if (code === '' || code === 'N') return null;
  const word = critical.has(code)
    ? code === 'HH'
      ? 'veryHigh'
      : code === 'LL'
        ? 'veryLow'
        : 'outside'
    : high.has(code)
      ? 'high'
      : low.has(code)
        ? 'low'
        : 'outside';
  return (
    <span className={critical.has(code) ? 'flag crit' : 'flag'}>
      <svg viewBox="0 0 10 10" aria-hidden="true">
        <path d={low.has(code) ? 'M5 9L.5 1h9z' : 'M5 1l4.500 8h-9z'} />
      </svg>
      {t(`flags.${word}`)}
    </span>
  );
}

/** The newest of one code, with those before it as a line. */
export function LastValueRow({ last }: { readonly last: LastValue }) {
  const { t } = useTranslation();
  const { line, dateMs } = last;
  const years = yearsOld(dateMs);
  const date = line.clinicalDate === '' ? shortDayOf(dateMs) : clinicalDay(line.clinicalDate);
  return (
    <li>
      <Link className="row lastv" to={`/item/${line.handle}`}>
        <span>
          <bdi className="s">{line.bareName}</bdi> <Marks of={line.marks} />
          <br />
          <Amount value={line.value} unit={line.unit} />
          <br />
          <span className="xs dim">
            <Flag flag={line.flag} /> {date}
            {years >= 1 && (
              <span className="old">
                {comma()}
                {t('parts.yearsOld', { count: years })}
              </span>
            )}
          </span>
        </span>
        <span />
        <span className="e">
          <Spark points={last.trend} />
        </span>
      </Link>
    </li>
  );
}

/** A line of values over true time; the words beside it carry the fact. */
export function Spark({ points }: { readonly points: LastValue['trend'] }) {
  if (points.length < 2) return null;
  const values = points.map((it) => it.value);
  const times = points.map((it) => it.ms);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const x = (ms: number): number => 4 + (80 * (ms - first)) / Math.max(1, last - first);
  const y = (value: number): number =>
    most === least ? 16 : 27 - (22 * (value - least)) / (most - least);
  const line = points.map((it) => `${x(it.ms).toFixed(1)},${y(it.value).toFixed(1)}`).join(' ');
  const end = points.at(-1);
  return (
    <svg className="spark" viewBox="0 0 88 32" aria-hidden="true">
      <polyline className="l" points={line} />
      {end !== undefined && <circle className="p" cx={x(end.ms)} cy={y(end.value)} r="3" />}
    </svg>
  );
}

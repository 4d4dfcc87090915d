import { useTranslation } from 'react-i18next';
import { agoText, momentText } from '../../app/dates.ts';
import { Amount } from '../../parts/amount.tsx';
import { ChartOrTable } from '../../parts/chart-or-table.tsx';
import { ColumnHeads } from '../../parts/column-heads.tsx';
import { Flag } from '../../parts/value.tsx';
import type { CurveView, OutsideView } from './calls.ts';
import { Curve, type Span } from './curve.tsx';
import { flagOf } from './flags.ts';
import { OwnRange } from './own-range.tsx';
import { isLevel, numberOf, slopeOf, useAmounts } from './words.ts';

/** One vital sign: the newest value, what it did, its curve and the same as a table. */
export function OneVital({ curve, span }: { readonly curve: CurveView; readonly span: Span }) {
  const { nameOf } = useAmounts();
  return (
    <ChartOrTable
      title={nameOf(curve.vital)}
      label={nameOf(curve.vital)}
      className="sec onevital"
      above={<Newest curve={curve} />}
      chart={<Curve curve={curve} span={span} />}
      table={<StepsTable curve={curve} />}
    >
      <Doing curve={curve} />
      {curve.isOwnRange !== undefined && <OwnRange curve={curve} />}
    </ChartOrTable>
  );
}

/** Amber where it is outside its range; never old and looking new. */
function Newest({ curve }: { readonly curve: CurveView }) {
  const { t } = useTranslation();
  const { vital, unit, newest, low, high } = curve;
  return (
    <p className="newest">
      <Amount value={numberOf(vital, newest.value)} unit={unit} className="v big" />{' '}
      <Flag flag={flagOf(curve, newest.value)} />{' '}
      <span className="dim sm">
        <span title={momentText(newest.ms)}>
          {agoText(newest.ms, Math.max(newest.ms, Date.now()))}
        </span>
        {' · '}
        <RangeText curve={{ vital, low, high }} />
        {curve.isOwnRange === true && ` · ${t('vitals.own.is')}`}
      </span>
      <span className="hide">{t('vitals.at', { when: momentText(newest.ms) })}</span>
    </p>
  );
}

function RangeText({ curve }: { readonly curve: Pick<CurveView, 'vital' | 'low' | 'high'> }) {
  const { t } = useTranslation();
  const { vital, low, high } = curve;
  const of = (value: number | undefined): string =>
    value === undefined ? '' : numberOf(vital, value);
  if (low === undefined && high === undefined) return <>{t('vitals.range.none')}</>;
  const word = high === undefined ? 'from' : low === undefined ? 'upTo' : 'between';
  return <>{t(`vitals.range.${word}`, { low: of(low), high: of(high) })}</>;
}

/** Where the week goes, and when it was outside. */
function Doing({ curve }: { readonly curve: CurveView }) {
  const { t } = useTranslation();
  const { vital, unit, perDay, outside } = curve;
  const slope = perDay === undefined ? '' : `${slopeOf(vital, perDay)}\u00a0${unit}`;
  return (
    <>
      {perDay !== undefined && (
        <p className="sm mt-s">
          {isLevel(vital, perDay)
            ? t('vitals.level')
            : t(perDay > 0 ? 'vitals.rises' : 'vitals.falls', { slope })}
        </p>
      )}
      {outside.length > 0 && (
        <ul className="list sm mt-s">
          {outside
            .slice(-mostOutside)
            .toReversed()
            .map((it) => (
              <li key={`${it.side} ${it.fromMs}`}>
                <Outside curve={curve} outside={it} />
              </li>
            ))}
          {outside.length > mostOutside && (
            <li className="dim">
              {t('vitals.outsideMore', { count: outside.length - mostOutside })}
            </li>
          )}
        </ul>
      )}
    </>
  );
}

const mostOutside = 3;

function Outside({
  curve,
  outside: { side, fromMs, worst, isOver },
}: {
  readonly curve: CurveView;
  readonly outside: OutsideView;
}) {
  const { t } = useTranslation();
  const { amountOf } = useAmounts();
  const said = { worst: amountOf(curve, worst), when: momentText(fromMs) };
  return (
    <>
      <Flag flag={side === 'above' ? 'H' : 'L'} />{' '}
      {t(isOver ? 'vitals.outsideOver' : 'vitals.outsideNow', said)}
    </>
  );
}

const mostRows = 400;

/** The newest first; a gap is a row of its own. */
function StepsTable({ curve }: { readonly curve: CurveView }) {
  const { t } = useTranslation();
  const { vital, unit, steps } = curve;
  const isHours = steps.some(({ count }) => count > 1);
  const shown = steps.toReversed().slice(0, mostRows);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <section className="sheet twin" tabIndex={0} aria-label={t('vitals.table')}>
      <table>
        <ColumnHeads
          columns={[
            { name: t(isHours ? 'vitals.hour' : 'vitals.time') },
            { name: t(isHours ? 'vitals.median' : 'item.value'), isNumber: true },
            ...(isHours ? [{ name: t('vitals.leastGreatest') }] : []),
            { name: t('item.flag') },
          ]}
        />
        <tbody>
          {shown.map((it) => (
            <tr key={it.ms}>
              <th scope="row">
                {momentText(it.ms - (isHours ? halfHourMs : 0))}
                {it.isAfterGap && <span className="tag">{t('vitals.afterGap')}</span>}
              </th>
              <td className="num" data-l={t(isHours ? 'vitals.median' : 'item.value')}>
                <Amount value={numberOf(vital, it.median)} unit={unit} />
              </td>
              {isHours && (
                <td data-l={t('vitals.leastGreatest')}>
                  <bdi dir="ltr">
                    {numberOf(vital, it.least)}–{numberOf(vital, it.greatest)}
                  </bdi>
                </td>
              )}
              <td data-l={t('item.flag')}>
                <Flag flag={flagOf(curve, it.greatest) || flagOf(curve, it.least)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {steps.length > mostRows && (
        <p className="hint pad">{t('vitals.rowsMore', { count: steps.length - mostRows })}</p>
      )}
    </section>
  );
}

const halfHourMs = 1_800_000;

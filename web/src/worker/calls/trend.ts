import {
  harmlessText,
  isNumber,
  momentOf,
  type RecordLine,
  spokenName,
  valueForPeople,
} from '@salus/salus/sdk/browser';
import { unitShown } from '../../boundary/units.ts';
import type { Call } from '../call.ts';
import { heldLines, recordOf } from '../chart-lines.ts';

/** One point of a line of values. */
export interface TrendPoint {
  readonly handle: string;
  readonly ms: number;
  /** As the record spells it. */
  readonly clinicalDate: string;
  /** As people say it: `120/80`. */
  readonly value: string;
  /** The numbers in it, one for each line of the chart. */
  readonly numbers: readonly number[];
  readonly flag: string;
  readonly isThis: boolean;
}

export interface TrendView {
  readonly name: string;
  readonly unit: string;
  /** Oldest first. */
  readonly points: readonly TrendPoint[];
  /** Of the same code in other units: they cannot stand on one axis. */
  readonly inOtherUnits: number;
}

/** All values of the same code in the record; null: it has none that a chart could draw. */
const trend: Call<{ readonly handle: string }, TrendView | null> = async (
  session,
  { handle },
  { signal },
) => {
  const { recordId, line } = await recordOf(session, handle, signal);
  const code = line?.headline?.code ?? '';
  if (line?.headline === undefined || code === '') return null;
  const { unit, value } = line.headline;
  const lines = numbersIn(value).length;
  if (lines === 0) return null;
  const { all } = await heldLines(session, signal);
  const same = all.filter(
    (it) => it.headline?.code === code && it.state === 'live' && countsNow(it),
  );
  const drawn = same.flatMap((it) => {
    const numbers = numbersIn(it.headline?.value ?? '');
    return it.headline?.unit === unit && numbers.length === lines ? [{ it, numbers }] : [];
  });
  const points = await Promise.all(
    drawn.map(async ({ it, numbers }): Promise<TrendPoint> => {
      const headline = it.headline as NonNullable<RecordLine['headline']>;
      return {
        handle: await session.handles.of(it.recordId),
        ms: momentOf(headline.clinicalDate) ?? it.timeMs,
        clinicalDate: headline.clinicalDate,
        value: harmlessText(valueForPeople(headline.value)),
        numbers,
        flag: headline.flag,
        isThis: it.recordId === recordId,
      };
    }),
  );
  return {
    name: harmlessText(spokenName({ ...line.headline, marks: [] })),
    unit: unitShown(unit),
    points: points.sort((a, b) => a.ms - b.ms),
    inOtherUnits: same.length - drawn.length,
  };
};

/** What was an error, was taken back or has a newer version is no value of the person. */
const countsNow = (line: RecordLine): boolean =>
  !line.isOlder &&
  !line.isWithdrawn &&
  !(line.headline?.marks ?? []).some((it) => it === 'entered-in-error' || it === 'withdrawn');

/** `120/80` are two; words and `<0.5` are none. A long spelling is cut behind its point, and its number stays. */
function numbersIn(value: string): readonly number[] {
  const parts = value.split('/').map((it) => it.replace(/(\.\d+)\u2026$/u, '$1'));
  return parts.length <= 2 && parts.every(isNumber) ? parts.map(Number) : [];
}

export const trendCalls = { 'item.trend': trend };

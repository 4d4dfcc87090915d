import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { axisDay, locale } from '../../app/dates.ts';
import type { CurveView } from './calls.ts';
import { useAmounts } from './words.ts';

const chartHeight = 200;
const axisFont = 13;

/** Where everything is drawn: the same time under each other on every curve of a page. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * One vital sign over true time, on a canvas: a month has thousands of readings. Gaps stay gaps, the range is a band, and
 * what it says is said in its label; the table beside it is its twin.
 */
export function Curve({ curve, span }: { readonly curve: CurveView; readonly span: Span }) {
  const { t, i18n } = useTranslation();
  const { amountOf, nameOf } = useAmounts();
  const isDark = useScheme();
  const values = curve.steps.flatMap(({ least, greatest }) => [least, greatest]);
  const said = t('vitals.curveSaid', {
    name: nameOf(curve.vital),
    least: amountOf(curve, Math.min(...values)),
    greatest: amountOf(curve, Math.max(...values)),
    newest: amountOf(curve, curve.newest.value),
  });
  return (
    <div className="curve" dir="ltr" role="img" aria-label={said}>
      {/* Its colours and the words of its axis are those of when it is drawn. */}
      <Drawn key={`${isDark} ${i18n.language}`} curve={curve} span={span} />
    </div>
  );
}

function Drawn({ curve, span }: { readonly curve: CurveView; readonly span: Span }) {
  const place = useRef<HTMLDivElement>(null);
  const { fromMs, untilMs } = span;
  useEffect(() => {
    const { current } = place;
    if (current === null) return;
    const options = optionsOf(curve, { fromMs, untilMs }, current);
    const plot = new UPlot(options, dataOf(curve), current);
    const watch = new ResizeObserver(() => {
      plot.setSize({ width: Math.max(1, current.clientWidth), height: chartHeight });
    });
    watch.observe(current);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [curve, fromMs, untilMs]);
  return <div ref={place} aria-hidden="true" />;
}

/** Changes when the system goes from light to dark: a canvas does not by itself. */
function useScheme(): boolean {
  const [isDark, setDark] = useState(() => darkness().matches);
  useEffect(() => {
    const media = darkness();
    const hear = () => setDark(media.matches);
    media.addEventListener('change', hear);
    return () => media.removeEventListener('change', hear);
  }, []);
  return isDark;
}

const darkness = (): MediaQueryList => matchMedia('(prefers-color-scheme: dark)');

/** Seconds, medians, least, greatest, and those outside the range; a gap is a moment without a value. */
function dataOf({ steps, low, high }: CurveView): UPlot.AlignedData {
  const x: number[] = [];
  const lines: (number | null)[][] = [[], [], [], []];
  const add = (ms: number, values: readonly (number | null)[]): void => {
    x.push(ms / 1_000);
    for (const [at, line] of lines.entries()) line.push(values[at] ?? null);
  };
  for (const { ms, median, least, greatest, isAfterGap } of steps) {
    if (isAfterGap) add(ms - 1_000, []);
    const isOut = (low !== undefined && least < low) || (high !== undefined && greatest > high);
    const worst = high !== undefined && greatest > high ? greatest : least;
    add(ms, [median, least, greatest, isOut ? worst : null]);
  }
  return [x, ...lines] as UPlot.AlignedData;
}

function optionsOf(curve: CurveView, span: Span, place: HTMLElement): UPlot.Options {
  const style = getComputedStyle(place);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const [ink, dimmed, line] = [
    colour('--mantine-color-text'),
    colour('--mantine-color-dimmed'),
    colour('--mantine-color-default-border'),
  ];
  const attend = colour('--salus-attend-edge');
  const isHours = curve.steps.some(({ count }) => count > 1);
  const font = `${axisFont}px ${style.fontFamily}`;
  const axis = { stroke: dimmed, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(1, place.clientWidth),
    height: chartHeight,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: [span.fromMs / 1_000, span.untilMs / 1_000] },
      y: { range: (_plot, least, most) => around(curve, least, most) },
    },
    axes: [
      {
        ...axis,
        space: 90,
        size: 28,
        values: (_plot, splits) =>
          splits.map((it) => axisDay(it * 1_000, span.untilMs - span.fromMs)),
      },
      { ...axis, size: 44, values: (_plot, splits) => splits.map(tickText) },
    ],
    series: [
      {},
      {
        stroke: ink,
        width: 1.5,
        points: { show: !isHours && curve.steps.length < 80, fill: ink, size: 5 },
      },
      { stroke: dimmed, width: isHours ? 0.5 : 0, points: { show: false } },
      { stroke: dimmed, width: isHours ? 0.5 : 0, points: { show: false } },
      { stroke: attend, width: 0, points: { show: true, fill: attend, stroke: attend, size: 6 } },
    ],
    ...(isHours && { bands: [{ series: [3, 2], fill: `${dimmed}30` }] }),
    hooks: { drawClear: [(plot) => drawRange(plot, curve, colour('--salus-band'))] },
  };
}

const tickText = (value: number): string =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: 2 }).format(value);

/** All values, and a limit that is not far from them: one far away would press them into a line. */
function around({ low, high }: CurveView, least: number, most: number): [number, number] {
  const room = Math.max(most - least, Math.abs(most) * 0.25);
  const near = [low, high].filter(
    (it) => it !== undefined && it > least - room && it < most + room,
  );
  const all = [least, most, ...near] as number[];
  const [bottom, top] = [Math.min(...all), Math.max(...all)];
  const edge = Math.max((top - bottom) * 0.08, 0.5);
  return [bottom - edge, top + edge];
}

function drawRange({ ctx, bbox, valToPos, scales }: UPlot, { low, high }: CurveView, fill: string) {
  if (low === undefined && high === undefined) return;
  const { min = 0, max = 0 } = scales.y ?? {};
  const [from, to] = [Math.max(low ?? min ?? 0, min ?? 0), Math.min(high ?? max ?? 0, max ?? 0)];
  if (to <= from) return;
  const [top, bottom] = [valToPos(to, 'y', true), valToPos(from, 'y', true)];
  ctx.save();
  ctx.fillStyle = fill;
  ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  ctx.restore();
}

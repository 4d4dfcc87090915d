import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { dayHeading } from '../../app/dates.ts';
import { useCalls } from '../../boundary/use-call.ts';
import { RecordLine } from '../../parts/record-row.tsx';
import type { RecordRowView } from '../../worker/calls/record.ts';
import type { RecordFilter } from '../../worker/chart-lines.ts';

/** Rows that are asked for at once. */
const pageRows = 50;

/** Only the rows near the window are in the page, however many there are; the worker keeps the list. */
export function Timeline({
  filter,
  edition,
  count,
}: {
  readonly filter: RecordFilter;
  readonly edition: number;
  readonly count: number;
}) {
  const { t } = useTranslation();
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const place = list.current?.getBoundingClientRect().top ?? 0;
    setTop(place + scrollY);
  }, []);
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => 88,
    overscan: 6,
    scrollMargin: top,
  });
  const shown = virtualizer.getVirtualItems();
  const pages = [...new Set(shown.map((it) => Math.floor(it.index / pageRows)))];
  const answers = useCalls(
    'record.rows',
    pages.map((page) => ({ ...filter, edition, from: page * pageRows, count: pageRows })),
  );
  // What was shown stays while the same place is asked for again: the record may have changed elsewhere.
  const known = useRef(new Map<number, RecordRowView>());
  for (const [i, page] of pages.entries()) {
    for (const [at, row] of (answers[i] ?? []).entries()) {
      known.current.set(page * pageRows + at, row);
    }
  }
  return (
    <ul
      ref={list}
      className="timeline"
      aria-label={t('timeline.list')}
      style={{ blockSize: virtualizer.getTotalSize() }}
    >
      {shown.map((it) => (
        <li
          key={it.key}
          ref={virtualizer.measureElement}
          data-index={it.index}
          className="trow"
          aria-setsize={count}
          aria-posinset={it.index + 1}
          style={{ transform: `translateY(${it.start - top}px)` }}
        >
          <Row row={known.current.get(it.index)} />
        </li>
      ))}
    </ul>
  );
}

/** The same row is not put into words again each time that the window moves. */
const Row = memo(function Row({ row }: { readonly row: RecordRowView | undefined }) {
  if (row === undefined) {
    return (
      <div className="tline first last" aria-hidden="true">
        <div className="row">
          <span className="glyph" />
          <span>
            <span className="sk w60" />
            <span className="sk w40" />
          </span>
          <span />
        </div>
      </div>
    );
  }
  const { isFirstOfDay, isLastOfDay, day, line, by } = row;
  const heading = dayHeading(day);
  return (
    <>
      {isFirstOfDay && (
        <h2 className="tday">
          {heading.day}
          <span> {heading.year}</span>
        </h2>
      )}
      <div className={`tline${isFirstOfDay ? ' first' : ''}${isLastOfDay ? ' last' : ''}`}>
        <RecordLine line={line} by={by} withoutDate />
      </div>
    </>
  );
});

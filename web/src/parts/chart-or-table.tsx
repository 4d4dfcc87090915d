import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** The same values as a chart and as a table, one at a time: the table is the chart's twin, not its description. */
export function ChartOrTable({
  title,
  label,
  className = 'sec',
  chart,
  table,
  above,
  children,
}: {
  readonly title: ReactNode;
  /** Of the section, where it is a region of its page. */
  readonly label?: string;
  readonly className?: string;
  readonly chart: ReactNode;
  readonly table: ReactNode;
  /** Between the title and either of them. */
  readonly above?: ReactNode;
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation();
  const [isTable, setTable] = useState(false);
  return (
    <section className={className} aria-label={label}>
      <div className="sec-head">
        <h2>{title}</h2>
        <button
          type="button"
          className="btn bare small no-print"
          aria-pressed={isTable}
          onClick={() => setTable(!isTable)}
        >
          {isTable ? t('item.asChart') : t('item.asTable')}
        </button>
      </div>
      {above}
      {isTable ? table : chart}
      {children}
    </section>
  );
}

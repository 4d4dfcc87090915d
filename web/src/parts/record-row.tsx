import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { clinicalDay, shortDayOf } from '../app/dates.ts';
import { comma } from '../app/language.ts';
import type { PersonView } from '../worker/people.ts';
import type { LineView } from '../worker/record-view.ts';
import { Icon, type IconName } from './icon.tsx';
import { usePersonName } from './person-sign.tsx';
import { Flag } from './value.tsx';

const icons: Readonly<Record<string, IconName>> = {
  iot: 'phone',
  genetic: 'gene',
  lab: 'lab',
  vital: 'vital',
  medication: 'medication',
  diagnosis: 'diagnosis',
  image: 'image',
  insurance: 'card',
  summary: 'record',
  note: 'note',
  other: 'box',
  private: 'lock',
};

export const iconOfClass = (recordClass: string | undefined): IconName =>
  icons[recordClass ?? ''] ?? 'box';

/** The sign of a kind: one look for all; `bad` and `warn` are news. */
export function ClassIcon({
  name,
  tone = '',
}: {
  readonly name: IconName;
  readonly tone?: '' | 'warn' | 'bad' | 'good';
}) {
  return (
    <span className={`glyph ${tone}`}>
      <Icon name={name} />
    </span>
  );
}

interface RecordLineProps {
  readonly line: LineView;
  /** Who wrote it, where somebody else did. */
  readonly by?: PersonView | undefined;
  readonly isNew?: boolean;
  /** Under a heading that says it. */
  readonly withoutDate?: boolean;
}

/** An entry in one line; the whole row leads to it. */
export function RecordRow(props: RecordLineProps) {
  return (
    <li>
      <RecordLine {...props} />
    </li>
  );
}

/** The same within a list item of somebody else's. */
export function RecordLine({ line, by, isNew = false, withoutDate = false }: RecordLineProps) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const kind = t(`classes.${line.recordClass ?? 'other'}` as 'classes.lab');
  if (line.state === 'erased') {
    return (
      <div className="row gone-row">
        <ClassIcon name="erase" />
        <span>
          <span className="t">{t('record.erased')}</span>
          <br />
          <span className="s">{t('record.erasedWhen', { day: shortDayOf(line.writtenMs) })}</span>
        </span>
      </div>
    );
  }
  const second = [
    kind,
    ...(by === undefined ? [] : [nameOf(by)]),
    ...(withoutDate ? [] : [dateOf(line)]),
    ...(line.versions > 1 ? [t('timeline.versions', { count: line.versions })] : []),
  ];
  return (
    <Link className="row rowx" to={`/item/${line.handle}`}>
      <ClassIcon name={iconOfClass(line.recordClass)} />
      <span>
        <bdi className={isNew ? 't new' : 't'}>
          {line.name === '' ? t('record.unnamed') : line.name}
        </bdi>
        <br />
        <span className="s">{second.join(comma())}</span>
      </span>
      <span className="e">
        {(line.marks.includes('restricted') || line.recordClass === 'private') && (
          <span className="tag">
            <Icon name="lock" />
            {t('record.restricted')}
          </span>
        )}
        {line.isWithdrawn && <span className="tag warn">{t('timeline.withdrawn')}</span>}
        {line.value !== '' && (
          <span className={line.isNumber || line.unit !== '' ? 'nw' : 'vtext'}>
            <bdi className="v n">{line.value}</bdi>
            {line.unit !== '' && <span className="u">{line.unit}</span>}
          </span>
        )}
        <Flag flag={line.flag} />
      </span>
    </Link>
  );
}

const dateOf = (line: LineView): string =>
  line.clinicalDate === '' ? shortDayOf(line.writtenMs) : clinicalDay(line.clinicalDate);

import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { clinicalDay, shortDayOf } from '../app/dates.ts';
import { inLine } from '../app/language.ts';
import type { PersonView } from '../worker/people.ts';
import type { LineView } from '../worker/record-view.ts';
import { Amount } from './amount.tsx';
import { Icon, type IconName } from './icon.tsx';
import { Marks } from './marks.tsx';
import { usePersonName } from './person-sign.tsx';
import { useSaid } from './said.ts';
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
  const said = useSaid();
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
          {line.bareName === '' ? t('record.unnamed') : line.bareName}
        </bdi>{' '}
        <Marks
          of={line.marks.filter(
            (it) => it !== 'restricted' && !(it === 'withdrawn' && line.isWithdrawn),
          )}
        />
        <br />
        <span className="s">{inLine(second)}</span>
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
            {line.isNumber || line.unit !== '' ? (
              <Amount value={line.value} unit={line.unit} className="v n" />
            ) : (
              <bdi className="v n">{said(line.value)}</bdi>
            )}
          </span>
        )}
        <Flag flag={line.flag} />
      </span>
    </Link>
  );
}

const dateOf = (line: LineView): string =>
  line.clinicalDate === '' ? shortDayOf(line.writtenMs) : clinicalDay(line.clinicalDate);

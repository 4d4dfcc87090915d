import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { clinicalDay, dayOf, shortDayOf } from '../../../app/dates.ts';
import { inLine } from '../../../app/language.ts';
import { useCall } from '../../../boundary/use-call.ts';
import { Chips } from '../../../parts/chips.tsx';
import { Failed } from '../../../parts/failure.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { vitalKinds } from '../../../parts/kinds.ts';
import { usePersonName } from '../../../parts/person-sign.tsx';
import type { ShareStart } from '../../../worker/calls/share.ts';
import type { LineView } from '../../../worker/record-view.ts';
import { type ChoiceProps, mayWriteOf, type ShareDraft } from './draft.ts';
import { useShareWords } from './words.ts';

const scopes = ['everything', 'kinds', 'entries'] as const;

/** What is shared, what is left out of it, and what may be added. */
export function WhatChoice({ draft, start, onChange }: ChoiceProps) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const name = draft.who === undefined ? t('share.someone') : nameOf(draft.who.person);
  return (
    <section className="sheet pad mt" aria-label={t('share.whatTitle', { name })}>
      <div className="sec-head">
        <h2>{t('share.whatTitle', { name })}</h2>
      </div>
      <fieldset>
        <legend className="hide">{t('share.quick')}</legend>
        <Chips
          name="scope"
          all={scopes}
          chosen={draft.scope}
          onChoose={(scope) => onChange({ scope })}
          wordOf={(it) => t(`share.scope.${it}`)}
        />
      </fieldset>
      <div className="mt">
        {draft.scope === 'kinds' && <Kinds draft={draft} start={start} onChange={onChange} />}
        {draft.scope === 'entries' && <Entries draft={draft} onChange={onChange} />}
        {draft.scope !== 'entries' && (
          <>
            <Check
              isOn={draft.withPrivate}
              onChange={(withPrivate) => onChange({ withPrivate })}
              label={t('share.private')}
              end={t('share.entries', { count: start.privateCount })}
            />
            <p className="hint mt-s">{t('share.later', { day: dayOf(draft.untilMs) })}</p>
          </>
        )}
      </div>
      <Writing draft={draft} onChange={onChange} name={name} />
    </section>
  );
}

function Check({
  isOn,
  onChange,
  label,
  end,
}: {
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly label: string;
  readonly end?: string;
}) {
  return (
    <div className="checks">
      <label>
        <input
          type="checkbox"
          checked={isOn}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>{label}</span>
        <span className="dim sm n">{end}</span>
      </label>
    </div>
  );
}

/** What people come for first; kinds of which there is nothing last. */
const firstKinds = ['lab', 'vital', 'medication', 'diagnosis', 'note', 'summary', 'image'];
function rankOf({ recordClass, count }: ShareStart['kinds'][number]): number {
  const at = firstKinds.indexOf(recordClass);
  return (at < 0 ? firstKinds.length : at) + (count === 0 ? 100 : 0);
}

/** Rows to choose by: vital signs of sensors and of files are one, unless only one of them is chosen. */
function rowsOf(draft: ShareDraft, kinds: ShareStart['kinds']) {
  const chosen = vitalKinds.filter((it) => draft.kinds.includes(it)).length;
  const isOne = chosen !== 1;
  return kinds
    .filter(({ recordClass }) => !isOne || recordClass !== 'iot')
    .map(({ recordClass, count }) => {
      const of = isOne && recordClass === 'vital' ? vitalKinds : [recordClass];
      const all = kinds.filter((it) => of.includes(it.recordClass));
      const sum = all.reduce((before, it) => before + it.count, 0);
      return { recordClass, of, count: of.length === 1 ? count : sum };
    });
}

function Kinds({ draft, start, onChange }: ChoiceProps) {
  const { t } = useTranslation();
  const toggled = (of: readonly string[], isOn: boolean): readonly string[] =>
    start.kinds
      .map((it) => it.recordClass)
      .filter((it) => (of.includes(it) ? isOn : draft.kinds.includes(it)));
  return (
    <ul>
      {rowsOf(draft, start.kinds)
        .toSorted((a, b) => rankOf(a) - rankOf(b))
        .map(({ recordClass, of, count }) => (
          <li key={recordClass}>
            <Check
              isOn={draft.kinds.includes(recordClass)}
              onChange={(isOn) => onChange({ kinds: toggled(of, isOn) })}
              label={t(`classes.${recordClass}` as 'classes.lab')}
              end={t('share.entries', { count })}
            />
          </li>
        ))}
    </ul>
  );
}

const mostShown = 40;

/** Chosen ones first, then what is found; the search stays in this page. */
function Entries({ draft, onChange }: Pick<ChoiceProps, 'draft' | 'onChange'>) {
  const { t } = useTranslation();
  const id = useId();
  const all = useCall('share.entries', undefined);
  const [text, setText] = useState('');
  const chosen = new Set(draft.entries.map((it) => it.handle));
  const wanted = text.trim().toLocaleLowerCase();
  const found = (all.data ?? []).filter(
    (it) => !chosen.has(it.handle) && it.name.toLocaleLowerCase().includes(wanted),
  );
  const toggle = (line: LineView, isOn: boolean) =>
    onChange({
      entries: isOn
        ? [...draft.entries, line]
        : draft.entries.filter((it) => it.handle !== line.handle),
    });
  if (all.error !== null) return <Failed error={all.error} again={() => void all.refetch()} />;
  return (
    <>
      <div className="field">
        <label htmlFor={id}>{t('share.find')}</label>
        <div className="search">
          <Icon name="search" />
          <input
            id={id}
            type="search"
            className="in-text"
            autoComplete="off"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
      </div>
      <ul className="mt-s">
        {[...draft.entries, ...found.slice(0, mostShown)].map((it) => (
          <li key={it.handle}>
            <EntryCheck
              line={it}
              isOn={chosen.has(it.handle)}
              onChange={(isOn) => toggle(it, isOn)}
            />
          </li>
        ))}
      </ul>
      {all.data === undefined && (
        <p className="sm dim" role="status">
          {t('share.loadingEntries')}
        </p>
      )}
      {found.length > mostShown && (
        <p className="hint">{t('share.more', { count: found.length - mostShown })}</p>
      )}
      {all.data !== undefined && found.length === 0 && wanted !== '' && (
        <p className="hint">{t('share.noneFound')}</p>
      )}
    </>
  );
}

function EntryCheck({
  line,
  isOn,
  onChange,
}: {
  readonly line: LineView;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}) {
  const { t } = useTranslation();
  const { kindWord } = useShareWords();
  const day =
    line.clinicalDate === '' ? shortDayOf(line.writtenMs) : clinicalDay(line.clinicalDate);
  const kind = kindWord(line.recordClass ?? 'other');
  return (
    <Check
      isOn={isOn}
      onChange={onChange}
      label={line.name === '' ? t('record.unnamed') : line.name}
      end={inLine([kind, day])}
    />
  );
}

function Writing({
  draft,
  onChange,
  name,
}: Pick<ChoiceProps, 'draft' | 'onChange'> & { readonly name: string }) {
  const { t } = useTranslation();
  const may = mayWriteOf(draft.who?.person.role);
  const toggled = (it: string, isOn: boolean): ShareDraft['writes'] =>
    may.filter((other) => (other === it ? isOn : draft.writes.includes(other)));
  return (
    <fieldset className="mt">
      <legend className="lab">{t('share.mayAdd', { name })}</legend>
      {may.map((it) => (
        <Check
          key={it}
          isOn={draft.writes.includes(it)}
          onChange={(isOn) => onChange({ writes: toggled(it, isOn) })}
          label={t(`classes.${it}` as 'classes.lab')}
        />
      ))}
    </fieldset>
  );
}

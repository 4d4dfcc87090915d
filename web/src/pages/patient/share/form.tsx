import { type ReactNode, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { dayOf } from '../../../app/dates.ts';
import { Icon } from '../../../parts/icon.tsx';
import { usePersonName } from '../../../parts/person-sign.tsx';
import type { ShareFrom, ShareStart } from '../../../worker/calls/share.ts';
import { Confirm } from './confirm.tsx';
import { type BlankName, type DoneShare, firstDraft, type ShareDraft } from './draft.ts';
import { UntilChoice, WhyChoice } from './terms-choice.tsx';
import { WhatChoice } from './what-choice.tsx';
import { WhoChoice } from './who-choice.tsx';
import { useShareWords } from './words.ts';

/** The form is the sentence; each blank unfolds its choice below, and beside it stands what will happen. */
export function ShareForm({
  start,
  from,
  onDone,
}: {
  readonly start: ShareStart;
  readonly from: ShareFrom;
  readonly onDone: (done: DoneShare) => void;
}) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const words = useShareWords();
  const [draft, setDraft] = useState(() => firstDraft(start, from));
  const isChange = start.old !== undefined;
  const [open, setOpen] = useState<BlankName | undefined>(isChange ? 'until' : 'who');
  const onChange = (change: Partial<ShareDraft>) => setDraft((it) => ({ ...it, ...change }));
  const who = draft.who === undefined ? t('share.someone') : nameOf(draft.who.person);
  const fold = (blank: BlankName) => {
    // Beside what happens there is room on a desk for what that person may read; on a phone the button comes near.
    setOpen(blank === 'who' && isDesk() ? 'what' : undefined);
    // Who chose by keyboard goes on from the blank that was filled.
    document.querySelector<HTMLElement>(`#blank-${blank}`)?.focus();
  };
  const blank = (name: BlankName, label: string, text: string): ReactNode => (
    <Blank
      name={name}
      label={label}
      text={text}
      isOpen={open === name}
      onTouch={() => setOpen((it) => (it === name ? undefined : name))}
    />
  );
  const blanks = {
    who: isChange ? <bdi className="b">{who}</bdi> : blank('who', t('share.who'), who),
    what: blank('what', t('share.what'), words.what(draft)),
    add: <bdi className="b">{words.writes(draft)}</bdi>,
    why: blank('why', t('share.why'), words.purposes(draft)),
    until: blank('until', t('share.until'), dayOf(draft.untilMs)),
  };
  const choice = { draft, start, onChange };
  return (
    <div className="split">
      <div>
        <h1 className="hide">{isChange ? t('share.change', { name: who }) : t('share.heading')}</h1>
        <p className="say">
          {draft.writes.length === 0 ? (
            <Trans i18nKey="share.say" components={blanks as Record<string, React.ReactElement>} />
          ) : (
            <Trans
              i18nKey="share.sayAdd"
              components={blanks as Record<string, React.ReactElement>}
            />
          )}
        </p>
        {open === 'who' && !isChange && <WhoChoice {...choice} onChosen={() => fold('who')} />}
        {open === 'what' && <WhatChoice {...choice} />}
        {open === 'why' && <WhyChoice {...choice} />}
        {open === 'until' && <UntilChoice {...choice} />}
      </div>
      <div>
        <Confirm draft={draft} start={start} onOpen={setOpen} onDone={onDone} />
      </div>
    </div>
  );
}

/** As wide as `shell.css` puts two columns beside each other. */
const isDesk = (): boolean => matchMedia('(min-width: 60em)').matches;

/** A word of the sentence that can be another one. */
function Blank({
  name,
  label,
  text,
  isOpen,
  onTouch,
}: {
  readonly name: BlankName;
  readonly label: string;
  readonly text: string;
  readonly isOpen: boolean;
  readonly onTouch: () => void;
}) {
  return (
    <button
      id={`blank-${name}`}
      type="button"
      className="blank"
      aria-expanded={isOpen}
      onClick={onTouch}
    >
      <span className="hide">{label} </span>
      <bdi>{text}</bdi> <Icon name="down" />
    </button>
  );
}

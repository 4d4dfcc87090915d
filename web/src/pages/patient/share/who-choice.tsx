import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { dayOf } from '../../../app/dates.ts';
import { CardPick, CardReader } from '../../../parts/card-reader.tsx';
import { Icon } from '../../../parts/icon.tsx';
import type { SharePerson } from '../../../worker/calls/share.ts';
import type { ChoiceProps } from './draft.ts';

/** People whose cards are held here, and how somebody else's comes. */
export function WhoChoice({
  draft,
  start,
  onChange,
  onChosen,
}: ChoiceProps & { readonly onChosen: () => void }) {
  const { t } = useTranslation();
  const [isAdding, setAdding] = useState(start.people.length === 0);
  const chosen = draft.who?.person.account;
  const isListed = start.people.some((it) => it.person.account === chosen);
  const people = draft.who === undefined || isListed ? start.people : [draft.who, ...start.people];
  const choose = (who: SharePerson) => {
    onChange({ who, writes: [] });
    onChosen();
  };
  return (
    <section className="sheet pad mt" aria-label={t('share.whoTitle')}>
      <div className="sec-head">
        <h2>{t('share.whoTitle')}</h2>
      </div>
      {people.length === 0 ? (
        <p className="sm dim">{t('share.nobodyYet')}</p>
      ) : (
        <ul className="rows">
          {people.map((it) => (
            <PersonChoice
              key={it.person.account}
              who={it}
              isChosen={it.person.account === chosen}
              onChoose={() => choose(it)}
            />
          ))}
        </ul>
      )}
      {isAdding ? (
        <CardReader onCard={(card) => choose({ ...card, live: undefined })} />
      ) : (
        <div className="acts mt-s">
          <button type="button" className="btn line small" onClick={() => setAdding(true)}>
            <Icon name="add" />
            {t('share.someoneElse')}
          </button>
        </div>
      )}
    </section>
  );
}

function PersonChoice({
  who,
  isChosen,
  onChoose,
}: {
  readonly who: SharePerson;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <li>
      <CardPick card={who} isChosen={isChosen} onPick={onChoose}>
        {who.live !== undefined && (
          <>
            <br />
            <span className="s">{t('share.canAlready', { day: dayOf(who.live.untilMs) })}</span>
          </>
        )}
      </CardPick>
    </li>
  );
}

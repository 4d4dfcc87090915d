import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { comma } from '../app/language.ts';
import { useAct } from '../boundary/use-call.ts';
import type { CardView } from '../worker/calls/code.ts';
import { Failed } from './failure.tsx';
import { Icon } from './icon.tsx';
import { PersonLine, PersonSign, usePersonName } from './person-sign.tsx';
import { Scan } from './scan.tsx';

/** Somebody's card, pasted, chosen as a file or scanned; it is proven before anybody sees a name. */
export function CardReader({ onCard }: { readonly onCard: (card: CardView) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState('');
  const read = useAct('code.read');
  const take = (given: Parameters<typeof read.mutate>[0]) =>
    read.mutate(given, {
      onSuccess: (card) => {
        setText('');
        onCard(card);
      },
    });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    take({ text });
  };
  return (
    <>
      <NameSearch onCard={onCard} />
      <form onSubmit={submit}>
        <div className="field">
          <label htmlFor={id}>{t('cards.paste')}</label>
          <input
            id={id}
            className="in-text"
            autoComplete="off"
            spellCheck={false}
            value={text}
            aria-describedby={`${id}-hint`}
            onChange={(event) => setText(event.target.value)}
          />
          <p className="hint mt-s" id={`${id}-hint`}>
            {t('cards.pasteHint')}
          </p>
        </div>
        {read.error !== null && <Failed error={read.error} />}
        <div className="acts mt-s">
          <button
            type="submit"
            className="btn line small"
            disabled={text.trim() === '' || read.isPending}
          >
            <Icon name="check" />
            {read.isPending ? t('cards.reading') : t('cards.read')}
          </button>
          <label className="btn line small file">
            <Icon name="file" />
            {t('cards.file')}
            <input
              type="file"
              onChange={(event) => {
                const [file] = event.target.files ?? [];
                event.target.value = '';
                if (file !== undefined) void file.arrayBuffer().then((bytes) => take({ bytes }));
              }}
            />
          </label>
        </div>
      </form>
      <Scan onRead={(found) => take({ text: found })} />
    </>
  );
}

/** Who works at one's own hospital, by the whole name: of several each is shown with role and licence. */
function NameSearch({ onCard }: { readonly onCard: (card: CardView) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const [name, setName] = useState('');
  const find = useAct('code.find');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    find.mutate(
      { name },
      {
        onSuccess: ([only, ...others]) => {
          if (only !== undefined && others.length === 0) onCard(only);
        },
      },
    );
  };
  const several = find.data !== undefined && find.data.length > 1 ? find.data : [];
  return (
    <form onSubmit={submit}>
      <div className="field">
        <label htmlFor={id}>{t('cards.name')}</label>
        <input
          id={id}
          className="in-text"
          autoComplete="off"
          spellCheck={false}
          value={name}
          aria-describedby={`${id}-hint`}
          onChange={(event) => setName(event.target.value)}
        />
        <p className="hint mt-s" id={`${id}-hint`}>
          {t('cards.nameHint')}
        </p>
      </div>
      {find.error !== null && <Failed error={find.error} />}
      {several.length > 0 && (
        <ul className="rows mt-s">
          {several.map((it) => (
            <li key={it.person.account}>
              <CardPick card={it} isChosen={false} onPick={() => onCard(it)} />
            </li>
          ))}
        </ul>
      )}
      <div className="acts mt-s">
        <button
          type="submit"
          className="btn line small"
          disabled={name.trim() === '' || find.isPending}
        >
          <Icon name="search" />
          {find.isPending ? t('cards.finding') : t('cards.find')}
        </button>
      </div>
    </form>
  );
}

/** Somebody to choose, with what tells people of one name apart. */
export function CardPick({
  card: { person, licence, isAnotherOfTheName },
  isChosen,
  onPick,
  children,
}: {
  readonly card: CardView;
  readonly isChosen: boolean;
  readonly onPick: () => void;
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  return (
    <button type="button" className="row pick" aria-pressed={isChosen} onClick={onPick}>
      <PersonSign person={person} />
      <span>
        <bdi className="t">{nameOf(person)}</bdi>
        <br />
        <span className="s">
          <PersonLine person={person} />
          {licence !== '' && (
            <>
              {comma()}
              {t('cards.licence')} <bdi>{licence}</bdi>
            </>
          )}
        </span>
        {children}
        {isAnotherOfTheName && (
          <>
            <br />
            <span className="tag warn">{t('cards.another')}</span>
          </>
        )}
      </span>
      {isChosen ? <Icon name="check" /> : <span />}
    </button>
  );
}

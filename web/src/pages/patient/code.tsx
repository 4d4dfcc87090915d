import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { comma, inLine } from '../../app/language.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { CardFigure } from '../../parts/card-figure.tsx';
import { CardReader } from '../../parts/card-reader.tsx';
import { Icon } from '../../parts/icon.tsx';
import { PersonLine, PersonSign, usePersonName } from '../../parts/person-sign.tsx';
import { Unanswered } from '../../parts/unanswered.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import type { CardView, OwnCard } from '../../worker/calls/code.ts';

/** One's own card for others to scan, and the place where somebody else's is read. */
export function Code() {
  const { t } = useTranslation();
  const mine = useCall('code.mine', undefined);
  const [read, setRead] = useState<CardView>();
  return (
    <main id="page" className="page" tabIndex={-1}>
      <WayBack to="/">{t('nav.home')}</WayBack>
      <div className="split">
        <div>
          {mine.data === undefined ? (
            <Unanswered
              what={t('code.waiting')}
              error={mine.error}
              again={() => void mine.refetch()}
            />
          ) : (
            <Mine card={mine.data} />
          )}
        </div>
        <div className="no-print">
          <section className="sec side1 sheet pad">
            <div className="sec-head">
              <h2>{t('code.read')}</h2>
            </div>
            <p className="sm dim">{t('code.readText')}</p>
            <CardReader onCard={setRead} />
            {read !== undefined && <ReadCard card={read} />}
          </section>
        </div>
      </div>
    </main>
  );
}

function Mine({ card }: { readonly card: OwnCard }) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  const role = t(`roles.${card.role}` as 'roles.unknown');
  const copy = async () => {
    await navigator.clipboard.writeText(card.link);
    setCopied(true);
  };
  return (
    <>
      <Answer>{t('code.answer')}</Answer>
      <p className="lead">{t('code.lead')}</p>
      <CardFigure
        card={card}
        name={card.name}
        line={card.hospital === undefined ? role : inLine([role, card.hospital])}
      >
        <button type="button" className="btn line" onClick={() => void copy()}>
          <Icon name="card" />
          {t('code.copy')}
        </button>
      </CardFigure>
      <p className="sm mt-s" role="status">
        {isCopied && t('code.copied')}
      </p>
      <p className="sm dim mt-s">{t('code.limit')}</p>
    </>
  );
}

/** Whose card it is, now that it is proven. */
function ReadCard({ card: { person, licence, isAnotherOfTheName } }: { readonly card: CardView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  return (
    <div className="note good mt" role="status">
      <PersonSign person={person} />
      <div>
        <p className="h">
          <bdi>{nameOf(person)}</bdi>
        </p>
        <p>
          <PersonLine person={person} />
          {licence !== '' && (
            <>
              {comma()}
              {t('cards.licence')} <bdi>{licence}</bdi>
            </>
          )}
        </p>
        <p>{person.isMe ? t('code.own') : t('code.kept')}</p>
        {isAnotherOfTheName && <p className="b">{t('cards.another')}</p>}
        {!person.isMe && (
          <div className="way">
            <Link className="btn line small" to="/share">
              <Icon name="share" />
              {t('home.share')}
            </Link>
          </div>
        )}
      </div>
    </div>
  );
}

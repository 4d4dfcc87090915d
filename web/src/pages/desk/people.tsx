import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { momentText } from '../../app/dates.ts';
import { comma, inLine } from '../../app/language.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { CardFigure } from '../../parts/card-figure.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { DialogActs } from '../../parts/dialog-acts.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import type {
  DeskView,
  FoundView,
  InvitationView,
  ListedInvitationView,
} from '../../worker/calls/desk.ts';
import { AtDesk, DeskFoot } from './at-desk.tsx';
import { Invitation } from './enrol.tsx';

/** Who was invited here; looking somebody up, another sheet, and stopping an account. */
export function PeoplePage() {
  return (
    <main id="page" className="page" tabIndex={-1}>
      <AtDesk>{(desk) => <People desk={desk} />}</AtDesk>
    </main>
  );
}

function People({ desk }: { readonly desk: DeskView }) {
  const { t } = useTranslation();
  const [who, setWho] = useState('');
  const look = useAct('desk.lookUp');
  const list = useCall('desk.list', undefined);
  const [issued, setIssued] = useState<{
    readonly invitation: InvitationView;
    readonly of: ListedInvitationView;
  }>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    look.mutate({ who: who.trim() });
  };
  return (
    <div className="split">
      <div>
        <Answer>{t('desk.peopleAnswer')}</Answer>
        <p className="lead">{t('desk.peopleLead')}</p>
        <form onSubmit={submit}>
          <div className="field">
            <label htmlFor="who">{t('desk.who')}</label>
            <input
              id="who"
              className="in-text"
              autoComplete="off"
              value={who}
              onChange={(event) => setWho(event.target.value)}
            />
          </div>
          {look.error !== null && <Failed error={look.error} />}
          <div className="acts">
            <button type="submit" className="btn main" disabled={who.trim() === ''}>
              <Icon name="search" />
              {t('desk.lookUp')}
            </button>
          </div>
        </form>
        {look.data !== undefined && (
          <ul className="sheet rows sec">
            {look.data.map((it) => (
              <FoundRow key={it.account} found={it} />
            ))}
          </ul>
        )}
        <section className="sec">
          <div className="sec-head">
            <h2>{t('desk.invitations')}</h2>
          </div>
          {list.error !== null && <Failed error={list.error} again={() => void list.refetch()} />}
          {list.data?.length === 0 && <p className="dim">{t('desk.none')}</p>}
          <ul className="sheet rows">
            {(list.data ?? []).slice(0, 200).map((it) => (
              <InvitedRow
                key={it.id}
                of={it}
                onIssued={(invitation) => setIssued({ invitation, of: it })}
              />
            ))}
          </ul>
        </section>
      </div>
      <div>
        <DeskFoot desk={desk} />
      </div>
      {issued !== undefined && (
        <Dialog title={t('desk.again')} onClose={() => setIssued(undefined)}>
          <Invitation
            invitation={issued.invitation}
            name={issued.of.name ?? ''}
            role={issued.of.role}
            licence=""
            onDone={() => setIssued(undefined)}
          />
        </Dialog>
      )}
    </div>
  );
}

function FoundRow({ found }: { readonly found: FoundView }) {
  const { t } = useTranslation();
  const [isAsking, setAsking] = useState(false);
  const [isCardShown, setCardShown] = useState(false);
  const freeze = useAct('desk.freeze');
  return (
    <li className="row rowx">
      <span className="glyph">
        <Icon name="people" />
      </span>
      <span>
        <bdi className="t">{found.name ?? t('desk.nameGone')}</bdi>
        <br />
        <span className="s">
          {t(`roles.${found.role}` as 'roles.patient')}
          {comma()}
          <bdi className="mono">{found.account.slice(0, 16)}</bdi>
        </span>
      </span>
      <span className="e">
        {found.card !== undefined && (
          <button type="button" className="btn line small" onClick={() => setCardShown(true)}>
            {t('desk.card')}
            <span className="hide"> {found.name}</span>
          </button>
        )}{' '}
        {found.frozen ? (
          <span className="tag bad">{t('desk.frozen')}</span>
        ) : (
          <button type="button" className="btn stop small" onClick={() => setAsking(true)}>
            {t('desk.freeze')}
          </button>
        )}
      </span>
      {isCardShown && found.card !== undefined && (
        <HandOut card={found.card} name={found.name ?? ''} onClose={() => setCardShown(false)} />
      )}
      {isAsking && (
        <Dialog title={t('desk.freezeTitle')} onClose={() => setAsking(false)}>
          <p className="mt">{t('desk.freezeText')}</p>
          {freeze.error !== null && <Failed error={freeze.error} />}
          <DialogActs onClose={() => setAsking(false)}>
            <button
              type="button"
              className="btn stop"
              disabled={freeze.isPending}
              onClick={() =>
                freeze.mutate({ account: found.account }, { onSuccess: () => setAsking(false) })
              }
            >
              {t('desk.freezeNow')}
            </button>
          </DialogActs>
        </Dialog>
      )}
    </li>
  );
}

/** A colleague's card for somebody who stands here: to scan, to print, to take along. It opens nothing. */
function HandOut({
  card,
  name,
  onClose,
}: {
  readonly card: NonNullable<FoundView['card']>;
  readonly name: string;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Dialog title={t('desk.cardTitle', { name })} onClose={onClose}>
      <p className="sm dim mt-s">{t('desk.cardText')}</p>
      <CardFigure card={card} name={name} />
    </Dialog>
  );
}

function InvitedRow({
  of,
  onIssued,
}: {
  readonly of: ListedInvitationView;
  readonly onIssued: (invitation: InvitationView) => void;
}) {
  const { t } = useTranslation();
  const reissue = useAct('desk.reissue');
  const cancel = useAct('desk.cancel');
  const error = reissue.error ?? cancel.error;
  return (
    <li className="row rowx">
      <span className="glyph">
        <Icon name={of.state === 'used' ? 'check' : 'sheet'} />
      </span>
      <span>
        <bdi className="t">{of.name ?? t('desk.nameGone')}</bdi>
        <br />
        <span className="s">
          {inLine([
            t(`roles.${of.role}` as 'roles.patient'),
            t(`desk.state.${of.state}`),
            momentText(of.createdMs),
          ])}
        </span>
        {error !== null && <Failed error={error} />}
      </span>
      <span className="e">
        {of.state !== 'used' && (
          <button
            type="button"
            className="btn line small"
            onClick={() => reissue.mutate({ id: of.id }, { onSuccess: onIssued })}
          >
            {t('desk.newSheet')}
          </button>
        )}
        {of.state === 'waiting' && (
          <button
            type="button"
            className="btn bare small"
            onClick={() => cancel.mutate({ id: of.id })}
          >
            {t('desk.cancel')}
          </button>
        )}
      </span>
    </li>
  );
}

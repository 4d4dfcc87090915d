import { type FormEvent, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { momentText, timeLeft } from '../../app/dates.ts';
import { inLine } from '../../app/language.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Chips } from '../../parts/chips.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Qr } from '../../parts/qr.tsx';
import type { DeskView, InvitationView } from '../../worker/calls/desk.ts';
import { AtDesk, DeskFoot } from './at-desk.tsx';

const invited = ['patient', 'clinician', 'nurse', 'pharmacist', 'lab', 'operator'] as const;

/** The form is the home: role, name, code to scan. No key is ever at the desk. */
export function EnrolPage() {
  return (
    <main id="page" className="page" tabIndex={-1}>
      <AtDesk>{(desk) => <Enrol desk={desk} />}</AtDesk>
    </main>
  );
}

function Enrol({ desk }: { readonly desk: DeskView }) {
  const { t } = useTranslation();
  const [role, setRole] = useState<(typeof invited)[number]>('patient');
  const [name, setName] = useState('');
  const [licence, setLicence] = useState('');
  const invite = useAct('desk.invite');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate({ role, name, licence: role === 'patient' ? '' : licence });
  };
  const again = () => {
    invite.reset();
    setName('');
    setLicence('');
  };
  return (
    <div className="split">
      <div>
        <Answer>
          <Trans i18nKey="desk.answer" components={{ em: <em /> }} />
        </Answer>
        <p className="lead">{t('desk.lead')}</p>
        {invite.data === undefined ? (
          <form onSubmit={submit}>
            <fieldset className="field">
              <legend className="lab">{t('desk.role')}</legend>
              <Chips
                name="role"
                all={invited}
                chosen={role}
                onChoose={setRole}
                wordOf={(it) => t(`roles.${it}`)}
              />
            </fieldset>
            <div className="two-f">
              <div className="field">
                <label htmlFor="name">{t('desk.name')}</label>
                <input
                  id="name"
                  className="in-text"
                  autoComplete="off"
                  value={name}
                  onChange={(event) => setName(event.target.value)}
                />
              </div>
              {role !== 'patient' && (
                <div className="field">
                  <label htmlFor="licence">{t('desk.licence')}</label>
                  <input
                    id="licence"
                    className="in-text"
                    autoComplete="off"
                    dir="ltr"
                    value={licence}
                    onChange={(event) => setLicence(event.target.value)}
                    aria-describedby="licence-hint"
                  />
                  <p id="licence-hint" className="hint">
                    {t('desk.licenceHint')}
                  </p>
                </div>
              )}
            </div>
            {invite.error !== null && <Failed error={invite.error} />}
            <div className="acts">
              <button
                type="submit"
                className="btn main"
                disabled={invite.isPending || name.trim() === ''}
              >
                {t('desk.show')}
              </button>
            </div>
          </form>
        ) : (
          <Invitation
            invitation={invite.data}
            name={name}
            role={role}
            licence={licence}
            onDone={again}
          />
        )}
      </div>
      <div>
        <Waiting />
        <DeskFoot desk={desk} />
      </div>
    </div>
  );
}

/** For the person's phone, as a link and as a sheet: once, for this name and role only. */
export function Invitation({
  invitation,
  name,
  role,
  licence,
  onDone,
}: {
  readonly invitation: InvitationView;
  readonly name: string;
  readonly role: string;
  readonly licence: string;
  readonly onDone: () => void;
}) {
  const { t } = useTranslation();
  const cancel = useAct('desk.cancel');
  const list = useCall('desk.list', undefined, { everyMs });
  const isUsed = list.data?.some((it) => it.id === invitation.id && it.state === 'used') ?? false;
  if (isUsed) {
    return (
      <>
        <div className="note mt" role="status">
          <Icon name="check" />
          <p className="h">{t('desk.joined', { name })}</p>
        </div>
        <div className="acts">
          <button type="button" className="btn main" onClick={onDone}>
            {t('desk.next')}
          </button>
        </div>
      </>
    );
  }
  return (
    <>
      <section className="sheet invite sec">
        <div className="pad">
          <Qr text={invitation.url} label={t('desk.qr')} />
        </div>
        <div className="pad inv-t">
          <h2 className="sh">{t('desk.scan')}</h2>
          <p className="sm mt-s">
            <bdi className="b">{name}</bdi>, {t(`roles.${role}` as 'roles.patient')}
            {licence !== '' && role !== 'patient' && <bdi>, {licence}</bdi>}
          </p>
          <p className="sm">
            {t('desk.once', { time: timeLeft(invitation.expiresMs - Date.now()) })}
          </p>
          {invitation.sameName > 0 && (
            <p className="sm mt-s" role="status">
              <span className="tag warn">
                <Icon name="attend" />
                {t('desk.sameName', { count: invitation.sameName })}
              </span>
            </p>
          )}
          <p className="mono xs mt-s" dir="ltr" data-testid="invitation">
            {invitation.link}
          </p>
          <div className="acts mt-s no-print">
            <button
              type="button"
              className="btn line small"
              onClick={() => void navigator.clipboard.writeText(invitation.url)}
            >
              {t('desk.copy')}
            </button>
            <button type="button" className="btn line small" onClick={() => print()}>
              <Icon name="print" />
              {t('desk.print')}
            </button>
            <button
              type="button"
              className="btn bare small"
              onClick={() => cancel.mutate({ id: invitation.id }, { onSuccess: onDone })}
            >
              {t('desk.cancel')}
            </button>
          </div>
        </div>
      </section>
      {cancel.error !== null && <Failed error={cancel.error} />}
      <div className="acts">
        <button type="button" className="btn main" onClick={onDone}>
          {t('desk.next')}
        </button>
      </div>
    </>
  );
}

/** Nobody tells a desk that somebody joined: it asks. */
const everyMs = 4_000;

/** Invitations that nobody has used yet, and who came today. */
function Waiting() {
  const { t } = useTranslation();
  const list = useCall('desk.list', undefined, { everyMs });
  const today = (list.data ?? [])
    .filter((it) => Date.now() - it.createdMs < 86_400_000)
    .slice(0, 8);
  return (
    <section className="sec side1">
      <div className="sec-head">
        <h2>{t('desk.today')}</h2>
      </div>
      {list.error !== null && <Failed error={list.error} again={() => void list.refetch()} />}
      {list.data !== undefined && today.length === 0 && (
        <p className="sm dim">{t('desk.nobodyToday')}</p>
      )}
      <ul className="list">
        {today.map((it) => (
          <li key={it.id}>
            <bdi className="t">{it.name ?? t('desk.nameGone')}</bdi>{' '}
            <span className="s">
              {inLine([
                t(`roles.${it.role}` as 'roles.patient'),
                t(`desk.state.${it.state}`),
                momentText(it.createdMs),
              ])}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

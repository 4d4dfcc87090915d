import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useCall } from '../../../boundary/use-call.ts';
import { Icon } from '../../../parts/icon.tsx';
import { InvitationField, isInvited } from '../../../parts/invitation-field.tsx';
import type { MoveTarget, MoveView } from '../../../worker/calls/moving.ts';
import { CodeField } from '../../keys/code-field.tsx';

/** What begins, what can be undone, and what nobody can: beside the button. */
function What({ from }: { readonly from: string }) {
  const { t } = useTranslation();
  return (
    <ul className="what sec">
      <li>
        <Icon name="record" />
        <span>{t('moving.what.entries', { from })}</span>
      </li>
      <li>
        <Icon name="look" />
        <span>{t('moving.what.history')}</span>
      </li>
      <li className="no">
        <Icon name="share" />
        <span>{t('moving.what.shares')}</span>
      </li>
      <li className="no">
        <Icon name="lock" />
        <span>{t('moving.what.old', { from })}</span>
      </li>
      <li className="no">
        <Icon name="attend" />
        <span>{t('moving.what.ledger')}</span>
      </li>
    </ul>
  );
}

/** The invitation of the other hospital, and the sheet that is to open the record there too. */
export function Begin({
  view,
  onChosen,
}: {
  readonly view: MoveView;
  readonly onChosen: (invited: {
    readonly invitation: string;
    readonly hospital: string | undefined;
    readonly code: string;
  }) => void;
}) {
  const { t } = useTranslation();
  const site = useCall('site', undefined);
  const demo = useCall('move.demo', undefined, { enabled: site.data?.demo === true });
  const [invited, setInvited] = useState<{ invitation: string; hospital: string | undefined }>();
  const [typed, setTyped] = useState<string>();
  const given = demo.data ?? undefined;
  const now = invited ?? { invitation: given?.link ?? '', hospital: undefined };
  const code = typed ?? given?.code ?? '';
  const hospitals = site.data?.hospitals ?? [];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChosen({ ...now, code });
  };
  return (
    <form onSubmit={submit}>
      <What from={view.from} />
      <InvitationField
        value={now}
        onChange={setInvited}
        hospitals={hospitals}
        hint={given === undefined ? t('moving.invitationHint') : t('moving.demoHint')}
      />
      <CodeField value={code} onChange={setTyped} />
      <p className="hint">{t('moving.codeHint')}</p>
      <div className="acts">
        <button
          type="submit"
          className="btn main"
          disabled={!isInvited(now, hospitals) || code.trim() === ''}
        >
          {t('moving.begin')}
        </button>
        <Link className="btn bare" to="/leave">
          {t('moving.leave')}
        </Link>
      </div>
    </form>
  );
}

/** Enrolled there already: what is left goes on, or all of it is read back once more. */
export function GoOn({
  view,
  onChosen,
}: {
  readonly view: MoveView;
  readonly onChosen: (target: MoveTarget) => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      <What from={view.from} />
      {view.targets.map((it, at) => (
        <section key={it.account} className="sec">
          <p role="status">
            {view.entries === 0
              ? t('moving.nothing', { from: view.from })
              : t('moving.there', { there: it.there, all: it.there + it.waiting, to: it.title })}
          </p>
          <div className="acts" hidden={view.entries === 0}>
            <button
              type="button"
              className={at === 0 ? 'btn main' : 'btn line'}
              onClick={() => onChosen(it)}
            >
              {it.waiting === 0
                ? t('moving.readBack', { to: it.title })
                : t('moving.goOn', { to: it.title })}
            </button>
          </div>
        </section>
      ))}
    </>
  );
}

import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { InvitationField, type InvitationTyped, isInvited } from '../../parts/invitation-field.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { WaysToOpenForm } from '../../parts/ways-to-open.tsx';
import type { Joined } from '../../worker/calls/join.ts';

/** A new record: the desk's link, a way to open it here, the printed sheet, and the sheet tried. */
export function Join() {
  const [joined, setJoined] = useState<Joined>();
  return (
    <main id="page" className="page" tabIndex={-1}>
      <div className="maxw">
        {joined === undefined ? <Begin onJoined={setJoined} /> : <SheetStep joined={joined} />}
      </div>
    </main>
  );
}

/** The desk's link may come with the address, behind `#`: it goes to no server, and leaves the address at once. */
function useLinkOfAddress(): string {
  const [link] = useState(() => decodeURIComponent(location.hash.slice(1)));
  useEffect(() => {
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname);
  }, []);
  return link;
}

function Begin({ onJoined }: { readonly onJoined: (joined: Joined) => void }) {
  const { t } = useTranslation();
  const site = useCall('site', undefined);
  const given = useLinkOfAddress();
  const isDemo = site.data?.demo === true;
  const demo = useCall('demo.invitation', undefined, { enabled: isDemo && given === '' });
  const [typed, setTyped] = useState<InvitationTyped>();
  const start = useAct('join.start');
  const first = given === '' ? (demo.data?.link ?? '') : given.trim();
  const invited = typed ?? { invitation: first, hospital: undefined };
  const hospitals = site.data?.hospitals ?? [];
  return (
    <>
      <Answer>{t('join.answer')}</Answer>
      <p className="lead">{t('join.lead')}</p>
      <InvitationField
        value={invited}
        onChange={setTyped}
        hospitals={hospitals}
        hint={isDemo ? t('join.demoHint') : t('join.invitationHint')}
      />
      {start.error !== null && <Failed error={start.error} />}
      {start.isPending && (
        <p className="mt" role="status">
          {t('join.working')}
        </p>
      )}
      <WaysToOpenForm
        busy={start.isPending}
        ready={isInvited(invited, hospitals)}
        onChosen={(ways) => start.mutate({ ...invited, ...ways }, { onSuccess: onJoined })}
      />
    </>
  );
}

/** The way back when this device is gone: printed, then tried before it is needed. */
function SheetStep({ joined }: { readonly joined: Joined }) {
  const { t } = useTranslation();
  const go = useNavigate();
  const [typed, setTyped] = useState('');
  const [isPrinted, setPrinted] = useState(false);
  const attempt = useAct('keys.trySheet');
  return (
    <>
      <Answer>{t('join.sheetAnswer')}</Answer>
      <p className="lead">{t('join.sheetLead')}</p>
      <Sheet code={joined.code} hospital={joined.hospital} words={joined.trustWords} />
      <div className="acts">
        <button
          type="button"
          className={isPrinted ? 'btn line' : 'btn main'}
          onClick={() => {
            setPrinted(true);
            print();
          }}
        >
          <Icon name="print" />
          {t('join.print')}
        </button>
      </div>
      <form
        className="no-print"
        onSubmit={(event) => {
          event.preventDefault();
          attempt.mutate({ code: typed }, { onSuccess: () => void go('/home') });
        }}
      >
        <div className="field">
          <label htmlFor="sheet-code">{t('join.type')}</label>
          <input
            id="sheet-code"
            className="in-text mono"
            autoComplete="off"
            spellCheck={false}
            dir="ltr"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            aria-describedby="sheet-code-hint"
          />
          <p id="sheet-code-hint" className="hint">
            {t('join.typeHint')}
          </p>
        </div>
        {attempt.error !== null && <Failed error={attempt.error} />}
        <div className="acts">
          <button type="submit" className="btn main" disabled={typed.trim() === ''}>
            {t('join.try')}
          </button>
          <Link className="btn bare" to="/home">
            {t('join.later')}
          </Link>
        </div>
      </form>
    </>
  );
}

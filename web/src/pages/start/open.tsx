import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useNavigate } from 'react-router';
import { homeOf } from '../../app/places.ts';
import { link } from '../../boundary/link.ts';
import { useAct, useCall, useSession } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Scan } from '../../parts/scan.tsx';
import { WaysToOpenForm } from '../../parts/ways-to-open.tsx';
import { Locked } from './locked.tsx';

/** Of whoever has just been opened here. */
const ownHome = (): string => homeOf(link.state?.open === true ? link.state.role : undefined);

/** A wallet of this browser is unlocked, and its home shown. */
export function Open() {
  const session = useSession();
  if (session === undefined) return null;
  return session.open ? (
    <Navigate to={homeOf(session.role)} replace />
  ) : (
    <Locked session={session} />
  );
}

/** By the printed sheet: the record comes back on a device that has nothing. */
export function OpenBySheet() {
  const { t } = useTranslation();
  const go = useNavigate();
  const site = useCall('site', undefined);
  const recover = useAct('join.recover');
  const [code, setCode] = useState('');
  const [hospital, setHospital] = useState<string>();
  const hospitals = site.data?.hospitals ?? [];
  const chosen = hospital ?? hospitals[0]?.name;
  return (
    <main id="page" className="page" tabIndex={-1}>
      <div className="maxw">
        <Answer>{t('open.sheetAnswer')}</Answer>
        <p className="lead">{t('open.sheetLead')}</p>
        <div className="field">
          <label htmlFor="code">{t('open.code')}</label>
          <input
            id="code"
            className="in-text mono"
            autoComplete="off"
            spellCheck={false}
            dir="ltr"
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </div>
        <Scan onRead={setCode} />
        <div className="field">
          <label htmlFor="at">{t('open.where')}</label>
          <select
            id="at"
            className="in-text"
            value={chosen ?? ''}
            onChange={(event) => setHospital(event.target.value)}
          >
            {hospitals.map((it) => (
              <option key={it.name} value={it.name}>
                {it.title}
              </option>
            ))}
          </select>
        </div>
        {recover.error !== null && <Failed error={recover.error} />}
        {recover.isPending && (
          <p className="mt" role="status">
            {t('open.fetching')}
          </p>
        )}
        <WaysToOpenForm
          busy={recover.isPending}
          ready={code.trim() !== '' && chosen !== undefined}
          onChosen={(ways) =>
            recover.mutate(
              { code, hospital: chosen ?? '', ...ways },
              { onSuccess: () => void go(ownHome()) },
            )
          }
        />
      </div>
    </main>
  );
}

/** From another device of the same person: its link, digits to compare, and a yes. */
export function OpenByDevice() {
  const { t } = useTranslation();
  const go = useNavigate();
  const join = useAct('join.device');
  const [linkText, setLink] = useState('');
  // Shown until it is over: what the other device does meanwhile is a step of its own.
  const digits = join.isPending ? join.said.get('digits') : undefined;
  if (digits !== undefined) {
    return (
      <main id="page" className="page" tabIndex={-1}>
        <div className="maxw">
          <Answer>{t('open.digits')}</Answer>
          <p className="sheet-code mono sec" dir="ltr" aria-live="polite">
            {digits.replace(/^.../u, '$& ')}
          </p>
          <p className="lead">{t('open.digitsLead')}</p>
          <div className="acts">
            <button
              type="button"
              className="btn main"
              onClick={() =>
                void link.call('device.answer', { question: 'doneThere', text: 'yes' })
              }
            >
              {t('open.doneThere')}
            </button>
            <button type="button" className="btn line" onClick={join.cancel}>
              {t('open.notMine')}
            </button>
          </div>
        </div>
      </main>
    );
  }
  return (
    <main id="page" className="page" tabIndex={-1}>
      <div className="maxw">
        <Answer>{t('open.deviceAnswer')}</Answer>
        <p className="lead">{t('open.deviceLead')}</p>
        <div className="field">
          <label htmlFor="link">{t('open.link')}</label>
          <input
            id="link"
            className="in-text"
            autoComplete="off"
            spellCheck={false}
            dir="ltr"
            value={linkText}
            onChange={(event) => setLink(event.target.value)}
          />
        </div>
        <Scan onRead={setLink} />
        {join.error !== null && <Failed error={join.error} />}
        {join.isPending && (
          <p className="mt" role="status">
            {t('open.connecting')}
          </p>
        )}
        <WaysToOpenForm
          busy={join.isPending}
          ready={linkText.trim() !== ''}
          onChosen={(ways) =>
            join.mutate({ link: linkText.trim(), ...ways }, { onSuccess: () => void go(ownHome()) })
          }
        />
        <p className="mt">
          <Link className="btn bare" to="/open/sheet">
            <Icon name="sheet" />
            {t('locked.sheet')}
          </Link>
        </p>
      </div>
    </main>
  );
}

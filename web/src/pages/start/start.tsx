import { Trans, useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';
import { homeOf } from '../../app/places.ts';
import { useAct, useCall, useSession } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { useDeviceName } from '../../parts/device-name.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { initialsShown } from '../../parts/person-sign.tsx';
import { Keyhole } from './keyhole.tsx';

/** The address itself: what this is in one sentence, one button to begin, and people of the demo to be. */
export function Start() {
  const { t } = useTranslation();
  return (
    <main id="page" className="page" tabIndex={-1}>
      <div className="start">
        <div>
          <Answer>
            <Trans i18nKey="start.answer" components={{ em: <em /> }} />
          </Answer>
          <p className="lead">{t('start.lead')}</p>
          <div className="acts">
            <Link className="btn main big fill" to="/join">
              <Icon name="key" />
              {t('start.begin')}
            </Link>
          </div>
          <p className="acts">
            <OpenHere />
            <Link className="btn bare" to="/check">
              <Icon name="verified" />
              {t('start.check')}
            </Link>
          </p>
          <Keyhole />
        </div>
        <div>
          <DemoPeople />
          <div className="note sec">
            <Icon name="info" />
            <div>
              <p className="h">{t('start.promise')}</p>
              <p>
                <Trans i18nKey="start.promiseText" components={{ b: <b /> }} />
              </p>
            </div>
          </div>
        </div>
      </div>
    </main>
  );
}

/** A wallet of this browser is unlocked; without one another device, or the printed sheet, brings it. */
function OpenHere() {
  const { t } = useTranslation();
  const session = useSession();
  const held = session?.open === false && session.wallets.length > 0;
  return (
    <Link className="btn bare" to={held ? '/open' : '/open/device'}>
      <Icon name="phone" />
      {t('start.open')}
    </Link>
  );
}

/** As the server wrote it into the page. */
const isDemo = (): boolean =>
  document.querySelector<HTMLMetaElement>('meta[name="salus-demo"]')?.content === 'yes';

/** Their room: what stands below does not move when they come. */
function DemoPeopleSoon() {
  const { t } = useTranslation();
  return (
    <section aria-busy="true">
      <div className="sec-head">
        <h2>{t('start.tryAs')}</h2>
      </div>
      <p className="dim sm">{t('start.tryNote')}</p>
      <ul className="sheet rows mt" aria-hidden="true">
        {[1, 2, 3, 4].map((it) => (
          <li key={it}>
            <div className="row persona">
              <span className="mono-g" />
              <span>
                <span className="t">&nbsp;</span>
                <br />
                <span className="s">&nbsp;</span>
              </span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function DemoPeople() {
  const { t } = useTranslation();
  const people = useCall('demo.people', undefined);
  const open = useAct('demo.open');
  const desk = useAct('desk.openDemo');
  const deviceName = useDeviceName();
  const go = useNavigate();
  const isBusy = open.isPending || desk.isPending;
  const be = ({ name, role }: { readonly name: string; readonly role: string }) => {
    if (role === 'desk') desk.mutate(undefined, { onSuccess: () => void go('/desk') });
    else open.mutate({ name, deviceName }, { onSuccess: () => void go(homeOf(role)) });
  };
  const error = open.error ?? desk.error;
  if (people.error !== null && people.data === undefined && isDemo()) {
    return <Failed error={people.error} again={() => void people.refetch()} />;
  }
  if (people.data === undefined) return isDemo() ? <DemoPeopleSoon /> : null;
  if (people.data.length === 0) return null;
  return (
    <section>
      <div className="sec-head">
        <h2>{t('start.tryAs')}</h2>
      </div>
      <p className="dim sm">{t('start.tryNote')}</p>
      <ul className="sheet rows mt">
        {people.data.map((it) => (
          <li key={it.name}>
            <button type="button" className="row persona" disabled={isBusy} onClick={() => be(it)}>
              {it.role === 'desk' || it.role === 'operator' ? (
                <span className="glyph">
                  <Icon name={it.role === 'desk' ? 'desk' : 'network'} />
                </span>
              ) : (
                <span className="mono-g" aria-hidden="true">
                  {initialsShown(it.fullName)}
                </span>
              )}
              <span>
                <bdi className="t">{it.fullName}</bdi>
                <br />
                <span className="s">
                  {t(`start.as.${it.role}` as 'start.as.patient', { hospital: it.hospital })}
                </span>
              </span>
              <Icon name="forward" flip />
            </button>
          </li>
        ))}
      </ul>
      {isBusy && (
        <p className="sm dim mt" role="status">
          {t('start.opening')}
        </p>
      )}
      {error !== null && <Failed error={error} />}
    </section>
  );
}

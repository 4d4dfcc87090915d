import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, NavLink, Outlet, useLocation, useMatches } from 'react-router';
import { link } from '../boundary/link.ts';
import { useSession } from '../boundary/use-call.ts';
import { Locked } from '../pages/start/locked.tsx';
import { Icon } from '../parts/icon.tsx';
import { Mark } from '../parts/mark.tsx';
import { initialsShown } from '../parts/person-sign.tsx';
import { zoneName } from './dates.ts';
import { focusHeading, keepFocus } from './focus.ts';
import { HospitalBar } from './hospital-bar.tsx';
import { Languages } from './languages.tsx';
import { NewVersionBar } from './new-version-bar.tsx';
import { OfflineBar } from './offline-bar.tsx';
import type { PageHandle } from './page-handle.ts';
import type { Place } from './place.ts';
import { deskPlaces, homeOf, placesOf } from './places.ts';
import { Shortcuts } from './shortcuts.tsx';

/** What stands around every page: the bar with places, person and lock; the foot; and the lock itself. */
export function Shell() {
  const { t } = useTranslation();
  const session = useSession();
  const { pathname } = useLocation();
  const handle = useMatches().findLast((it) => it.handle !== undefined)?.handle as
    | PageHandle
    | undefined;
  const title = t(`titles.${handle?.title ?? 'start'}` as 'titles.start');
  useEffect(() => {
    document.title = `Salus · ${title}`;
  }, [title]);
  const from = useRef(pathname);
  useEffect(() => {
    // Somebody who changed the place reads from its beginning; who opens the app begins before its navigation.
    if (from.current === pathname) return;
    from.current = pathname;
    scrollTo(0, 0);
    focusHeading();
  }, [pathname]);
  useEffect(keepFocus, []);

  const needsWallet = handle?.who === 'wallet';
  // What anybody may see does not wait for the worker to say whether a wallet is open.
  if (session === undefined && handle?.who !== 'anybody') return <Waiting />;
  if (needsWallet && session?.open === false) {
    return (
      <>
        <NewVersionBar />
        <OfflineBar />
        <Locked session={session} />
      </>
    );
  }
  const open = session?.open === true ? session : undefined;
  const places =
    handle?.who === 'desk' ? deskPlaces : open === undefined ? [] : placesOf(open.role);
  return (
    <>
      <a className="skip" href="#page">
        {t('shell.skip')}
      </a>
      <header className="top">
        <div className="top-in">
          <Link className="brand" to={open === undefined ? '/' : homeOf(open.role)}>
            <Mark />
            <span>Salus</span>
          </Link>
          {places.length > 0 && (
            <nav className="tabs" aria-label={t('shell.main')}>
              {places.map(({ path, word, icon, leadsTo = [] }) => (
                <NavLink
                  key={path}
                  to={path}
                  end={path === '/desk'}
                  className={leadsTo.some((it) => pathname.startsWith(it)) ? 'leads' : ''}
                >
                  <Icon name={icon} />
                  <span>{t(`nav.${word}`)}</span>
                </NavLink>
              ))}
            </nav>
          )}
          <div className="top-end">
            {open === undefined ? <Languages /> : <Who name={open.name} />}
          </div>
        </div>
      </header>
      <NewVersionBar />
      <OfflineBar />
      {open !== undefined && <HospitalBar hospitals={open.hospitals} />}
      <Outlet />
      <Foot places={places} />
    </>
  );
}

function Who({ name }: { readonly name: string }) {
  const { t } = useTranslation();
  return (
    <>
      <div className="who">
        <span className="mono-g s" aria-hidden="true">
          {initialsShown(name)}
        </span>
        <bdi>{name}</bdi>
      </div>
      <button
        type="button"
        className="btn round"
        aria-label={t('shell.lock')}
        onClick={() => void link.call('wallet.lock', undefined)}
      >
        <Icon name="lock" />
      </button>
    </>
  );
}

function Foot({ places }: { readonly places: readonly Place[] }) {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <footer className="foot page-foot">
      <span>{t('shell.zone', { zone: zoneName() })}</span>
      <span>{t('shell.seal', { seal: sealShown() })}</span>
      {places.length > 0 && <Shortcuts places={places} />}
      {session?.open === true && <Languages />}
    </footer>
  );
}

/** The hash of this app's files, as the build wrote it into its page: what `salus selfcheck` says of the server's files. */
export function sealShown(): string {
  const seal = document.querySelector<HTMLMetaElement>('meta[name="salus-seal"]')?.content ?? '';
  return seal === '' ? '-' : (seal.slice(0, 16).match(/.{4}/gu)?.join(' ') ?? '-');
}

function Waiting() {
  const { t } = useTranslation();
  return (
    <main id="page" className="page" aria-busy="true">
      <h1 className="hide">{t('shell.waiting')}</h1>
      <span className="sk h2 w60" />
      <span className="sk h2 w40" />
    </main>
  );
}

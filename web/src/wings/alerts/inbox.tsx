import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { momentText } from '../../app/dates.ts';
import type { OutputOf } from '../../boundary/messages.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';

type Entry = OutputOf<'alerts.inbox'>['entries'][number];

/** Where what it was stands. */
const places: Readonly<Partial<Record<Entry['cause'], string>>> = {
  look: '/looked',
  refusal: '/looked',
  emergency: '/looked',
  diagnosis: '/record',
  'grant-ends': '/sharing',
  'sign-in-refused': '/keys',
  device: '/keys',
  rotation: '/keys',
  freeze: '/keys',
  'silent-device': '/vitals',
};

/** What is new: of which kind, when, and the way to it. Apart from the ways: one that cannot be read hides none of them. */
export function Inbox({ everyMs }: { readonly everyMs: number | undefined }) {
  const { t } = useTranslation();
  const asked = useCall('alerts.inbox', undefined, everyMs === undefined ? {} : { everyMs });
  const { data, error } = asked;
  if (data === undefined && error === null) return null;
  const { entries, tampered } = data ?? { entries: [], tampered: 0 };
  return (
    <section className="sec" aria-labelledby="new">
      <div className="sec-head">
        <h2 id="new">{t('alerts.new')}</h2>
      </div>
      {tampered > 0 && (
        <p className="sm" role="status">
          {t('alerts.tampered', { count: tampered })}
        </p>
      )}
      {error !== null && <Failed error={error} again={() => void asked.refetch()} />}
      {entries.length === 0 ? (
        data !== undefined && <p className="dim sm">{t('alerts.newNone')}</p>
      ) : (
        <ul className="list sm" data-testid="inbox">
          {entries.map(({ cause, atMs }) => {
            const what = t(`alerts.causes.${cause}`);
            const place = places[cause];
            return (
              <li key={`${cause} ${atMs}`}>
                {place === undefined ? what : <Link to={place}>{what}</Link>}
                <br />
                <span className="dim">{momentText(atMs)}</span>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

import type { UseQueryResult } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { dayOf, momentText } from '../../app/dates.ts';
import type { CallError } from '../../boundary/link.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { PersonSign, usePersonName } from '../../parts/person-sign.tsx';
import type { ReadersView, VersionView } from '../../worker/calls/item.ts';
import type { ItemView } from '../../worker/item-view.ts';

/** Who can see it, who did, and its versions: left out of a print, which is given away. */
export function ItemSide({
  item,
  versions,
  onAskVersions,
}: {
  readonly item: ItemView;
  /** Undefined: nobody asked for them yet; of what others wrote many entries are opened for it. */
  readonly versions: UseQueryResult<readonly VersionView[], CallError> | undefined;
  readonly onAskVersions: () => void;
}) {
  const { t } = useTranslation();
  const readers = useCall('item.readers', { handle: item.handle });
  return (
    <div className="no-print">
      <section className="sec side1">
        <div className="sec-head">
          <h2>{t('item.whoCan')}</h2>
        </div>
        {readers.error !== null && (
          <Failed error={readers.error} again={() => void readers.refetch()} />
        )}
        {readers.data === undefined ? (
          readers.error === null && <span className="sk w80" />
        ) : (
          <WhoCan readers={readers.data} />
        )}
      </section>
      <section className="sec">
        <div className="sec-head">
          <h2>{t('item.whoDid')}</h2>
        </div>
        {readers.data === undefined ? (
          readers.error === null && <span className="sk w60" />
        ) : (
          <WhoDid readers={readers.data} />
        )}
      </section>
      <section className="sec">
        <div className="sec-head">
          <h2>{t('item.versions')}</h2>
        </div>
        {versions === undefined ? (
          <button type="button" className="btn line small" onClick={onAskVersions}>
            {t('item.showVersions')}
          </button>
        ) : (
          <Versions versions={versions} />
        )}
      </section>
    </div>
  );
}

const why = {
  kind: 'item.cannotKind',
  time: 'item.cannotTime',
  list: 'item.cannotList',
} as const;

function WhoCan({ readers }: { readonly readers: ReadersView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  return (
    <>
      {readers.can.length === 0 && <p>{t('item.whoNobody')}</p>}
      {readers.can.map((it) => (
        <p key={it.consent} className="cansee mt-s">
          <span className="stack">
            <PersonSign person={it.person} />
          </span>
          <span>
            {t('item.whoUntil', {
              who: nameOf(it.person, it.calledName),
              day: dayOf(it.untilMs),
            })}
          </span>
        </p>
      ))}
      {readers.cannot.map(({ grant, why: reason }) => (
        <p key={grant.consent} className="sm dim mt-s">
          {t('item.cannot', { who: nameOf(grant.person, grant.calledName), why: t(why[reason]) })}
        </p>
      ))}
    </>
  );
}

function WhoDid({ readers }: { readonly readers: ReadersView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  return (
    <ul className="looks">
      {readers.withheld && (
        <li className="sm">
          <span className="old">{t('item.withheld')}</span>
        </li>
      )}
      {readers.looks.length === 0 && <li className="sm">{t('item.noLooks')}</li>}
      {readers.looks.map((it) => (
        <li key={`${it.person.account} ${it.ms}`}>
          <bdi className="b">{nameOf(it.person)}</bdi>
          <br />
          <span className="sm dim">
            {t('item.looked', {
              when: momentText(it.ms),
              purpose: t(`purposes.${it.purpose}` as 'purposes.TREAT'),
            })}
          </span>
        </li>
      ))}
      <li>
        <span className="b">{t('item.you')}</span>
        <br />
        <span className="sm dim">{t('item.ownLooks')}</span>
      </li>
    </ul>
  );
}

function Versions({
  versions,
}: {
  readonly versions: UseQueryResult<readonly VersionView[], CallError>;
}) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  if (versions.error !== null) return <Failed error={versions.error} />;
  if (versions.data === undefined) return <span className="sk w80" />;
  if (versions.data.length < 2) return <p className="sm">{t('item.onlyThis')}</p>;
  return (
    <ul className="looks">
      {versions.data.map((it, i) => (
        <li key={it.handle}>
          {it.isThis ? (
            <span className="b">
              <bdi>{it.title}</bdi> <span className="tag">{t('item.thisOne')}</span>
            </span>
          ) : (
            <Link className="cell-link" to={`/item/${it.handle}`}>
              <bdi>{it.title}</bdi>
            </Link>
          )}
          <br />
          <span className="sm dim">
            {momentText(it.writtenMs)}, {it.author.isMe ? t('item.byYou') : nameOf(it.author)}
            {it.reason !== undefined && (
              <>
                . <bdi>{it.reason}</bdi>
              </>
            )}
          </span>
          {i === 0 && !it.isThis && (
            <>
              <br />
              <Link className="btn line small" to={`/item/${it.handle}`}>
                {t('item.newest')}
              </Link>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

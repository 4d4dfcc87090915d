import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { clinicalDay } from '../../app/dates.ts';
import { comma } from '../../app/language.ts';
import { Icon } from '../../parts/icon.tsx';
import type { AddedView } from '../../worker/calls/add.ts';
import { adding } from './adding.ts';

/** What became of it: what was new, what was there, what stayed out and why. */
export function Added({
  id,
  result,
}: {
  readonly id: number | undefined;
  readonly result: Extract<AddedView, { kind: 'added' }>;
}) {
  const { t } = useTranslation();
  const counts = ['unchanged', 'restricted', 'ofOthers', 'withdrawn'] as const;
  const told = counts.filter((it) => result[it] > 0);
  const care = (['unreadable', 'foreign'] as const).filter((it) => result[it] > 0);
  const kinds = result.byClass.map(
    (it) => `${t(`classes.${it.recordClass}` as 'classes.lab')} ${it.count}`,
  );
  return (
    <div role="status">
      <p className="sm">
        {result.isKnown
          ? t('adding.known')
          : result.added === 0
            ? t('adding.nothing')
            : `${t('adding.added', { count: result.added })}${kinds.length > 1 ? ` · ${kinds.join(' · ')}` : ''}`}
      </p>
      <ul className="what sm">
        {told.map((it) => (
          <li key={it}>
            <Icon name={it === 'restricted' ? 'lock' : 'info'} />
            <span>{t(`adding.${it}`, { count: result[it] })}</span>
          </li>
        ))}
        {care.map((it) => (
          <li key={it} className="no">
            <Icon name="attend" />
            <span>{t(`adding.${it}`, { count: result[it] })}</span>
          </li>
        ))}
        {result.said.map((it) => (
          <li key={it} className="no">
            <Icon name="attend" />
            <span>{t('adding.said', { text: it })}</span>
          </li>
        ))}
        {result.erasedBefore > 0 && (
          <li>
            <Icon name="erase" />
            <span>
              {t('adding.erasedBefore', { count: result.erasedBefore })}{' '}
              {id !== undefined && (
                <button
                  type="button"
                  className="btn bare small"
                  onClick={() => adding.retry(id, { again: true })}
                >
                  {t('adding.bringBack')}
                </button>
              )}
            </span>
          </li>
        )}
      </ul>
      {result.handle !== undefined && (
        <Link className="btn line small" to={`/item/${result.handle}`}>
          {t('adding.open')}
        </Link>
      )}
    </div>
  );
}

/** A file about somebody else, or about several: nothing is added until it is said whose. */
export function Whose({
  id,
  result,
}: {
  readonly id: number;
  readonly result: Extract<AddedView, { kind: 'persons' }>;
}) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<string>();
  const everybody = '*';
  return (
    <fieldset className="mt-s">
      <legend className="b">{t('adding.whose')}</legend>
      <p className="sm dim">{t('adding.whoseText')}</p>
      <div className="checks">
        {result.people.map((it) => (
          <label key={`${it.name} ${it.born}`}>
            <input
              type="radio"
              name={`whose-${id}`}
              checked={chosen === it.name}
              onChange={() => setChosen(it.name)}
            />
            <span>
              <bdi>{it.name}</bdi>
              {comma()}
              <span className="dim">
                {it.born === undefined
                  ? t('adding.notBorn')
                  : t('adding.born', { day: clinicalDay(it.born) })}
              </span>
            </span>
          </label>
        ))}
        <label>
          <input
            type="radio"
            name={`whose-${id}`}
            checked={chosen === everybody}
            onChange={() => setChosen(everybody)}
          />
          <span>
            {t('adding.everybody')}
            <br />
            <span className="sm dim">{t('adding.everybodyText')}</span>
          </span>
        </label>
      </div>
      <div className="acts">
        <button
          type="button"
          className="btn main small"
          disabled={chosen === undefined}
          onClick={() =>
            adding.retry(id, { persons: chosen === everybody ? 'all' : { of: chosen ?? '' } })
          }
        >
          {t('adding.addThese')}
        </button>
        <button type="button" className="btn line small" onClick={() => adding.leaveOut(id)}>
          {t('adding.leaveOut')}
        </button>
      </div>
    </fieldset>
  );
}

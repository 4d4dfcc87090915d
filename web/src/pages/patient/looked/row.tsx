import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { clockText, momentText } from '../../../app/dates.ts';
import { inLine } from '../../../app/language.ts';
import { useCall } from '../../../boundary/use-call.ts';
import { Failed } from '../../../parts/failure.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { PersonSign, usePersonName } from '../../../parts/person-sign.tsx';
import { Proof } from '../../../parts/proof.tsx';
import { ClassIcon } from '../../../parts/record-row.tsx';
import type { LookView } from '../../../worker/calls/looked.ts';
import { useReason, useWhat } from './reason.ts';

/** Who, what, why allowed or refused, when; its entries and its proof unfold. */
export function LookRow({ look }: { readonly look: LookView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const reasonOf = useReason();
  const whatOf = useWhat();
  const [isOpen, setOpen] = useState(false);
  const when = clockText(look.ms);
  const who =
    look.kind === 'erased' ? (look.hospital ?? t('looked.aHospital')) : nameOf(look.person);
  const place = look.kind === 'erased' ? undefined : look.person.hospital;
  return (
    <li className="row rowx lookrow">
      {look.kind === 'erased' ? <ClassIcon name="erase" /> : <PersonSign person={look.person} />}
      <div>
        <bdi className="t">{who}</bdi>{' '}
        <bdi className="s">{place === undefined ? when : inLine([place, when])}</bdi>
        <br />
        {look.kind === 'look' && (
          <>
            <span className="sm">{whatOf(look)}</span>
            <br />
          </>
        )}
        {look.kind === 'erased' && (
          <>
            <span className="sm">{t('looked.erased')}</span>
            <br />
          </>
        )}
        <span className="s">{reasonOf(look)}</span>
      </div>
      <div className="e">
        {look.kind === 'refused' ? (
          <span className="tag bad">
            <Icon name="refused" />
            {t('looked.tagRefused')}
          </span>
        ) : (
          <span className="tag">
            <Icon name={look.kind === 'erased' ? 'erase' : 'check'} />
            {look.kind === 'erased' ? t('looked.tagErased') : t('looked.tagAllowed')}
          </span>
        )}
        <br />
        <button
          type="button"
          className="btn bare small no-print"
          aria-expanded={isOpen}
          onClick={() => setOpen((it) => !it)}
        >
          {t('looked.more')}
          <span className="hide">
            {' '}
            {who}, {when}
          </span>
        </button>
      </div>
      {isOpen && (
        <div className="below">
          {look.kind === 'look' && look.count > 0 && <Entries look={look} />}
          <LookProof look={look} />
        </div>
      )}
    </li>
  );
}

/** Each entry that was handed out, by name. */
function Entries({ look }: { readonly look: Extract<LookView, { readonly kind: 'look' }> }) {
  const { t } = useTranslation();
  const handed = useCall('looked.records', { inboxId: look.inboxId });
  if (handed.error !== null) {
    return <Failed error={handed.error} again={() => void handed.refetch()} />;
  }
  return (
    <details className="entries" open={look.count <= 12}>
      <summary className="btn bare small">{t('looked.entries', { count: look.count })}</summary>
      <ul className="list sm">
        {(handed.data ?? []).map((it, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list of one look never changes
          <li key={at}>
            {it.handle === undefined ? (
              <span className="dim">{t('looked.gone')}</span>
            ) : (
              <Link to={`/item/${it.handle}`}>
                <bdi>{it.name === '' ? t('record.unnamed') : it.name}</bdi>
              </Link>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Who vouches for it, and its receipt. */
export function LookProof({ look }: { readonly look: LookView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const [isWanted, setWanted] = useState(false);
  const proof = useCall('looked.proof', { inboxId: look.inboxId }, { enabled: isWanted });
  if (!look.isProven) return <p className="sm dim">{t('looked.notWritten')}</p>;
  const when = momentText(look.ms);
  const sentence =
    look.kind === 'look'
      ? t('looked.proofLook', {
          who: nameOf(look.person),
          hospital: look.servedBy ?? t('looked.aHospital'),
          when,
        })
      : look.kind === 'refused'
        ? t('looked.proofRefused', { when })
        : t('looked.proofErased', { hospital: look.hospital ?? t('looked.aHospital'), when });
  return (
    <Proof
      sentence={sentence}
      proof={proof.data?.proof}
      file={proof.data?.file}
      error={proof.error}
      again={() => void proof.refetch()}
      onOpen={() => setWanted(true)}
    />
  );
}

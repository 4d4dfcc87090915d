import { useTranslation } from 'react-i18next';
import { momentText } from '../../app/dates.ts';
import { Icon } from '../../parts/icon.tsx';
import type { ProofView } from '../../worker/chart-item.ts';

/** Closed one sentence: who signed, since when, checked here. Open: keys, place, bytes, and who vouches for the date. */
export function ItemProof({
  proof,
  source,
}: {
  readonly proof: ProofView;
  readonly source: string;
}) {
  const { t } = useTranslation();
  const facts = [
    [t('chartProof.author'), proof.author],
    [t('chartProof.key'), proof.key],
    [t('chartProof.height'), String(proof.height)],
    [t('chartProof.transaction'), proof.txId],
    [t('chartProof.entry'), proof.recordId],
    [t('chartProof.bytes'), `${proof.bytes} · ${proof.mediaType}`],
  ] as const;
  return (
    <details className="proof">
      <summary>
        <Icon name="verified" />
        <span>{t('chartProof.closed', { source, when: momentText(proof.signedMs) })}</span>
        <Icon name="down" />
      </summary>
      <div className="in">
        <p className="sm">{t('chartProof.vouches', { when: momentText(proof.writtenDownMs) })}</p>
        <dl className="facts two">
          {facts.map(([label, text]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                <span className="mono">{text}</span>
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </details>
  );
}

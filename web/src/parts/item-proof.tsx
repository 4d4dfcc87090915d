import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { momentText } from '../app/dates.ts';
import type { ItemProofView } from '../worker/item-proof.ts';
import { Fact, grouped, ProofFold } from './proof.tsx';

interface ItemProofProps {
  readonly proof: ItemProofView & {
    readonly flagBy?: 'source' | 'range' | undefined;
    readonly hospital?: string | undefined;
  };
  readonly sentence: ReactNode;
  /** Who signed it, in words. */
  readonly signer: string;
  readonly isOpen?: boolean;
  readonly onToggle?: (isOpen: boolean) => void;
  /** What can be done with it. */
  readonly children?: ReactNode;
}

/** The proof of an entry, of one's own or of somebody's chart; the only place with the ledger's own words. */
export function ItemProof({ proof, sentence, signer, isOpen, onToggle, children }: ItemProofProps) {
  const { t } = useTranslation();
  const { flagBy, hospital } = proof;
  const height = new Intl.NumberFormat('en').format(proof.height);
  return (
    <section className="sec">
      <ProofFold sentence={sentence} isOpen={isOpen} onToggle={onToggle}>
        <dl className="facts two">
          <Fact term={t('item.signedBy')}>
            <bdi>{signer}</bdi>
          </Fact>
          <Fact term={t('item.key')} isCode>
            {grouped(proof.authorKey)}
          </Fact>
          <Fact term={t('item.signedWhen')}>{momentText(proof.writtenMs)}</Fact>
          <Fact term={t('item.since')}>{momentText(proof.timeMs)}</Fact>
          <Fact term={t('item.vouches')}>{t('item.vouchesText')}</Fact>
          {hospital !== undefined && <Fact term={t('item.keptBy')}>{hospital}</Fact>}
          {flagBy !== undefined && (
            <Fact term={t('item.flags')}>
              {t(flagBy === 'range' ? 'item.flagByRange' : 'item.flagBySource')}
            </Fact>
          )}
          <Fact term={t('item.place')}>{t('item.block', { height })}</Fact>
          <Fact term={t('item.act')} isCode>
            {grouped(proof.txId)}
          </Fact>
          <Fact term={t('item.entry')} isCode>
            {grouped(proof.recordId)}
          </Fact>
          <Fact term={t('item.seal')} isCode>
            {grouped(proof.sha256)}
          </Fact>
          <Fact term={t('item.bytes')}>
            <bdi dir="ltr">
              {proof.bytes} · {proof.mediaType}
            </bdi>
          </Fact>
        </dl>
        {children}
      </ProofFold>
    </section>
  );
}

import { useTranslation } from 'react-i18next';
import { Qr } from './qr.tsx';

/** The printed sheet: the code in groups, as a QR code, and by which words the hospital's ledger is known. */
export function Sheet({
  code,
  hospital,
  words,
}: {
  readonly code: string;
  readonly hospital: string;
  readonly words: readonly string[];
}) {
  const { t } = useTranslation();
  return (
    <section className="sheet pad sec" aria-label={t('sheet.title')}>
      <h2 className="sh">{t('sheet.title')}</h2>
      <p className="sm dim">{t('sheet.what', { hospital })}</p>
      <div className="invite">
        <Qr text={code} label={t('sheet.qr')} />
        <div className="inv-t">
          <p className="mono sheet-code" dir="ltr" data-testid="sheet-code">
            {code}
          </p>
          <p className="sm dim mt">{t('sheet.words')}</p>
          <p className="sm" dir="ltr">
            {words.join(' ')}
          </p>
        </div>
      </div>
      <p className="sm mt">{t('sheet.warn')}</p>
    </section>
  );
}

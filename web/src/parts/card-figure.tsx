import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { SavedFile } from '../worker/proof-view.ts';
import { Icon } from './icon.tsx';
import { Qr } from './qr.tsx';
import { saveFile } from './save.ts';

/** A card to give away: to scan, to save, to print. It opens nothing. */
export function CardFigure({
  card,
  name,
  line,
  children,
}: {
  readonly card: { readonly link: string; readonly file: SavedFile };
  readonly name: string;
  /** Below the name. */
  readonly line?: string;
  /** Other ways to give it away. */
  readonly children?: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <>
      <figure className="mt">
        <Qr text={card.link} label={t('code.picture', { name })} />
        <figcaption className="mt-s code-cap">
          <bdi className="b">{name}</bdi>
          {line !== undefined && (
            <>
              <br />
              <span className="dim sm">{line}</span>
            </>
          )}
        </figcaption>
      </figure>
      <div className="acts no-print">
        <button
          type="button"
          className="btn line"
          onClick={() => saveFile(new Blob([card.file.bytes]), card.file.fileName)}
        >
          <Icon name="save" />
          {t('code.save')}
        </button>
        {children}
        <button type="button" className="btn line" onClick={() => print()}>
          <Icon name="print" />
          {t('code.print')}
        </button>
      </div>
    </>
  );
}

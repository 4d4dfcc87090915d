import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface DialogActsProps {
  /** The button that does it. */
  readonly children: ReactNode;
  readonly onClose: () => void;
}

/** The foot of a dialog: what does it, and beside it the way out in which nothing is done. */
export function DialogActs({ children, onClose }: DialogActsProps) {
  const { t } = useTranslation();
  return (
    <div className="acts">
      {children}
      <button type="button" className="btn line" onClick={onClose}>
        {t('parts.notNow')}
      </button>
    </div>
  );
}

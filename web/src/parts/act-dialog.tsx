import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from './dialog.tsx';
import { Failed } from './failure.tsx';
import { NeedsNetwork } from './needs-network.tsx';

/** One act, said before the touch that does it: its children say what begins and what nobody can undo. */
export function ActDialog({
  title,
  act,
  error,
  needsNetwork = true,
  onClose,
  children,
}: {
  readonly title: string;
  /** The button that does it. */
  readonly act: ReactNode;
  /** Null: it has not failed. */
  readonly error: unknown;
  readonly needsNetwork?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {needsNetwork && <NeedsNetwork />}
      {error !== null && <Failed error={error} />}
      <div className="acts">
        {act}
        <button type="button" className="btn line" onClick={onClose}>
          {t('parts.notNow')}
        </button>
      </div>
    </Dialog>
  );
}

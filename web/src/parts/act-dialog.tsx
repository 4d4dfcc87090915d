import type { ReactNode } from 'react';
import { Dialog } from './dialog.tsx';
import { DialogActs } from './dialog-acts.tsx';
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
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {needsNetwork && <NeedsNetwork />}
      {error !== null && <Failed error={error} />}
      <DialogActs onClose={onClose}>{act}</DialogActs>
    </Dialog>
  );
}

import type { FormEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../parts/dialog.tsx';
import { DialogActs } from '../../parts/dialog-acts.tsx';
import { Failed } from '../../parts/failure.tsx';

export interface Closing {
  readonly onClose: () => void;
}

/** A form in a dialog: what is asked, the error beside it, one filled button. */
export function Form({
  title,
  text,
  children,
  button,
  isStop = false,
  act,
  onSubmit,
  onClose,
  disabled = false,
}: Closing & {
  readonly title: string;
  readonly text: string;
  readonly children?: ReactNode;
  readonly button: string;
  readonly isStop?: boolean;
  readonly act: { readonly error: unknown; readonly isPending: boolean };
  readonly onSubmit: () => void;
  readonly disabled?: boolean;
}) {
  const { t } = useTranslation();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <p className="mt">{text}</p>
        {children}
        {act.error !== null && <Failed error={act.error} />}
        <DialogActs onClose={onClose}>
          <button
            type="submit"
            className={isStop ? 'btn stop' : 'btn main'}
            disabled={act.isPending || disabled}
          >
            {act.isPending ? t('keys.working') : button}
          </button>
        </DialogActs>
      </form>
    </Dialog>
  );
}

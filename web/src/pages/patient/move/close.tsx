import type { AccountId } from '@salus/salus/sdk/browser';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../../boundary/use-call.ts';
import { Dialog } from '../../../parts/dialog.tsx';
import { DialogActs } from '../../../parts/dialog-acts.tsx';
import { Failed } from '../../../parts/failure.tsx';
import { Icon } from '../../../parts/icon.tsx';
import type { ClosedView } from '../../../worker/calls/moving.ts';
import { CodeField } from '../../keys/code-field.tsx';

/** What closing takes with it and what stays for good, in one look. */
export function ClosingWhat({ from }: { readonly from: string }) {
  const { t } = useTranslation();
  return (
    <ul className="what">
      <li>
        <Icon name="erase" />
        <span>{t('moving.closeWhat.erases', { from })}</span>
      </li>
      <li className="no">
        <Icon name="attend" />
        <span>{t('moving.closeWhat.final')}</span>
      </li>
      <li className="no">
        <Icon name="record" />
        <span>{t('moving.what.ledger')}</span>
      </li>
      <li className="no">
        <Icon name="key" />
        <span>{t('moving.closeWhat.copies')}</span>
      </li>
    </ul>
  );
}

/** The old account goes only after all of it was read back at the other hospital once more. */
export function CloseDialog({
  from,
  to,
  left,
  onClose,
  onClosed,
}: {
  readonly from: string;
  readonly to: AccountId;
  readonly left: number;
  readonly onClose: () => void;
  readonly onClosed: (closed: ClosedView) => void;
}) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const [despite, setDespite] = useState(false);
  const close = useAct('move.close');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const typed = code.trim() === '' ? {} : { code };
    close.mutate({ to, despite, ...typed }, { onSuccess: onClosed });
  };
  const { progress } = close;
  return (
    <Dialog title={t('moving.closeTitle', { from })} onClose={onClose}>
      <form onSubmit={submit}>
        <ClosingWhat from={from} />
        {left > 0 && (
          <div className="checks">
            <label>
              <input
                type="checkbox"
                checked={despite}
                onChange={(event) => setDespite(event.target.checked)}
              />
              <span>{t('moving.despite', { left })}</span>
            </label>
          </div>
        )}
        <CodeField value={code} onChange={setCode} isOptional />
        {close.error !== null && <Failed error={close.error} />}
        {close.isPending && (
          <p className="sm dim" role="status">
            {progress?.phase === 'checking'
              ? t('moving.progress', { done: progress.done, total: progress.total })
              : t('moving.working')}
          </p>
        )}
        <DialogActs onClose={onClose}>
          <button
            type="submit"
            className="btn stop"
            disabled={close.isPending || (left > 0 && !despite)}
          >
            {t('moving.close', { from })}
          </button>
        </DialogActs>
      </form>
    </Dialog>
  );
}

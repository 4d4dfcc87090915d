import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icon.tsx';

/** What floats over the page: the browser's own dialog keeps the focus, closes at Escape and gives the focus back. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { t } = useTranslation();
  const place = useRef<HTMLDialogElement>(null);
  const id = useId();
  const isGone = useRef(false);
  // Before it leaves the page: closed afterwards, it would not give the focus back to what opened it.
  useLayoutEffect(() => {
    const dialog = place.current;
    isGone.current = false;
    dialog?.showModal();
    return () => {
      isGone.current = true;
      dialog?.close();
    };
  }, []);
  // The browser tells of a close later, when another dialog may stand in this one's place.
  const closed = () => {
    if (!isGone.current) onClose();
  };
  return (
    <dialog ref={place} className="dialog" aria-labelledby={id} onClose={closed} onCancel={onClose}>
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" className="btn round" aria-label={t('parts.close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {children}
    </dialog>
  );
}

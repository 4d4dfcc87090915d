import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { useAct } from '../../boundary/use-call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { DialogActs } from '../../parts/dialog-acts.tsx';
import { Failed } from '../../parts/failure.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import type { ItemView } from '../../worker/item-view.ts';

const kinds = [
  ...(['lab', 'vital', 'medication', 'diagnosis', 'note', 'image', 'summary'] as const),
  ...(['insurance', 'genetic', 'iot', 'other', 'private'] as const),
];

/** Under another kind or title: a new version with the same bytes. */
export function ChangeDialog({
  item,
  onClose,
}: {
  readonly item: ItemView;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const go = useNavigate();
  const [recordClass, setClass] = useState(item.recordClass);
  const [title, setTitle] = useState(item.name);
  const change = useAct('item.reclassify');
  const isSame = recordClass === item.recordClass && title.trim() === item.name;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { handle: item.handle, recordClass, title: title.trim() },
      {
        onSuccess: (handle) => {
          onClose();
          void go(`/item/${handle}`);
        },
      },
    );
  };
  return (
    <Dialog title={t('item.changeTitle')} onClose={onClose}>
      <form onSubmit={submit}>
        <p className="sm mt-s">{t('item.changeText')}</p>
        <div className="field">
          <label htmlFor="change-kind">{t('item.kind')}</label>
          <select
            id="change-kind"
            className="in-text"
            value={recordClass}
            onChange={(event) => setClass(event.target.value)}
          >
            {kinds.map((it) => (
              <option key={it} value={it}>
                {t(`classes.${it}`)}
              </option>
            ))}
          </select>
        </div>
        <div className="field">
          <label htmlFor="change-title">{t('item.name')}</label>
          <input
            id="change-title"
            className="in-text"
            dir="auto"
            maxLength={300}
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </div>
        {change.error !== null && <Failed error={change.error} />}
        <NeedsNetwork />
        <DialogActs onClose={onClose}>
          <button
            type="submit"
            className="btn main"
            disabled={change.isPending || isSame || title.trim() === ''}
          >
            {change.isPending ? t('item.changing') : t('item.changeFor')}
          </button>
        </DialogActs>
      </form>
    </Dialog>
  );
}

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { momentText } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { ActDialog } from '../../parts/act-dialog.tsx';
import { Icon } from '../../parts/icon.tsx';
import { usePersonName } from '../../parts/person-sign.tsx';
import type { ItemView } from '../../worker/item-view.ts';

/** What nobody can take back, before the touch that does it. */
export function EraseDialog({
  item,
  versions,
  onClose,
}: {
  readonly item: ItemView;
  readonly versions: number;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const [all, setAll] = useState(versions > 1);
  const erase = useAct('item.erase');
  const readers = useCall('item.readers', { handle: item.handle });
  const look = readers.data?.looks[0];
  return (
    <ActDialog
      title={t('item.eraseTitle', { name: item.title })}
      error={erase.error}
      onClose={onClose}
      act={
        <button
          type="button"
          className="btn stop"
          disabled={erase.isPending}
          onClick={() => erase.mutate({ handle: item.handle, all }, { onSuccess: onClose })}
        >
          <Icon name="erase" />
          {erase.isPending ? t('item.erasing') : t('item.eraseFor')}
        </button>
      }
    >
      <ul className="what">
        <li className="no">
          <Icon name="erase" />
          <span>{t('item.eraseNobody', { hospital: item.proof.hospital })}</span>
        </li>
        <li className="no">
          <Icon name="attend" />
          <span>
            {look === undefined
              ? t('item.eraseCopies')
              : t('item.eraseOpened', { who: nameOf(look.person), when: momentText(look.ms) })}
          </span>
        </li>
        <li className="no">
          <Icon name="clock" />
          <span>{t('item.eraseBackups')}</span>
        </li>
        <li>
          <Icon name="file" />
          <span>{t('item.eraseFile')}</span>
        </li>
      </ul>
      {versions > 1 && (
        <div className="checks">
          <label>
            <input
              type="checkbox"
              checked={all}
              onChange={(event) => setAll(event.target.checked)}
            />
            <span>
              {t('item.eraseAll', {
                versions: t('timeline.versions', { count: versions }),
              })}
            </span>
          </label>
        </div>
      )}
    </ActDialog>
  );
}

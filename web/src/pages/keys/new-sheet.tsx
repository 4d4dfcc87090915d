import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { dayOf } from '../../app/dates.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Sheet } from '../../parts/sheet.tsx';
import { CodeField } from './code-field.tsx';
import { type Closing, Form } from './form.tsx';

/** Another printed sheet: at once with the old one, else after seven days. */
export function NewSheet({ words, onClose }: Closing & { readonly words: readonly string[] }) {
  const { t } = useTranslation();
  const [oldCode, setOld] = useState('');
  const act = useAct('keys.newSheet');
  if (act.data !== undefined) {
    const { code, countsFromMs } = act.data;
    return (
      <Dialog title={t('sheet.title')} onClose={onClose}>
        <p className="mt">
          {countsFromMs === undefined
            ? t('keys.sheetCounts')
            : t('keys.sheetWaits', { day: dayOf(countsFromMs) })}
        </p>
        <Sheet code={code} hospital="" words={words} />
        <div className="acts">
          <button type="button" className="btn main" onClick={() => print()}>
            <Icon name="print" />
            {t('join.print')}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Form
      title={t('keys.newSheet')}
      text={t('keys.newSheetText')}
      button={t('keys.makeSheet')}
      act={act}
      onClose={onClose}
      onSubmit={() => act.mutate({ ...(oldCode.trim() !== '' && { oldCode }) })}
    >
      <CodeField value={oldCode} onChange={setOld} isOptional />
    </Form>
  );
}

/** A new sheet of somebody waits: whoever did not make it stops it. */
export function WaitingCode({ fromMs }: { readonly fromMs: number }) {
  const { t } = useTranslation();
  const stop = useAct('keys.stopNewSheet');
  return (
    <div className="note warn sec">
      <Icon name="attend" />
      <div>
        <p className="h">{t('keys.waitingCode', { day: dayOf(fromMs) })}</p>
        <p>{t('keys.waitingCodeText')}</p>
        {stop.error !== null && <Failed error={stop.error} />}
        <div className="way">
          <button
            type="button"
            className="btn stop small"
            disabled={stop.isPending}
            onClick={() => stop.mutate({})}
          >
            {t('keys.stopCode')}
          </button>
        </div>
      </div>
    </div>
  );
}

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { locale, momentText } from '../../app/dates.ts';
import { languages, sdkWords, spokenNow } from '../../app/language.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Dialog } from '../../parts/dialog.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Progress } from '../../parts/progress.tsx';
import { saveFile } from '../../parts/save.ts';
import type { ExportView } from '../../worker/calls/export.ts';

const classNames = [
  ...(['iot', 'genetic', 'lab', 'vital', 'medication', 'diagnosis', 'image'] as const),
  ...(['insurance', 'summary', 'note', 'other', 'private'] as const),
];

/** One touch makes the whole record into a file on this device, and saves it. */
export function SaveAll() {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const make = useAct('record.export');
  const begin = () => {
    setOpen(true);
    const madeMs = Date.now();
    const language = spokenNow();
    const words = {
      ...{ language, locale: locale(), isRightToLeft: languages[language].dir === 'rtl' },
      title: t('wholeRecord.pageTitle'),
      made: t('wholeRecord.made', { when: momentText(madeMs) }),
      born: t('wholeRecord.born'),
      inside: t('wholeRecord.inside'),
      notOpened: t('wholeRecord.notOpened'),
      classes: Object.fromEntries(classNames.map((it) => [it, t(`classes.${it}`)])),
      ...sdkWords(),
    };
    make.mutate(
      { words, madeMs, pageName: pageName(madeMs) },
      { onSuccess: ({ zip }) => saveFile(zip, zipName(madeMs)) },
    );
  };
  const close = () => {
    make.cancel();
    setOpen(false);
    make.reset();
  };
  return (
    <>
      <button type="button" className="btn line" onClick={begin}>
        <Icon name="save" />
        {t('timeline.saveAll')}
      </button>
      {isOpen && (
        <Dialog title={t('wholeRecord.title')} onClose={close}>
          {make.isPending && (
            <>
              <p className="sm mt-s">{t('wholeRecord.making')}</p>
              <div className="mt">
                <Progress
                  done={make.progress?.done ?? 0}
                  total={make.progress?.total ?? 0}
                  words={t('wholeRecord.progress', {
                    done: make.progress?.done ?? 0,
                    total: make.progress?.total ?? 0,
                  })}
                />
              </div>
              <p className="sm dim mt-s n" role="status">
                {t('wholeRecord.progress', {
                  done: make.progress?.done ?? 0,
                  total: make.progress?.total ?? 0,
                })}
              </p>
              <div className="acts">
                <button type="button" className="btn line" onClick={close}>
                  {t('wholeRecord.cancel')}
                </button>
              </div>
            </>
          )}
          {make.error !== null && <Failed error={make.error} again={begin} />}
          {make.data !== undefined && <Made made={make.data} />}
        </Dialog>
      )}
    </>
  );
}

function Made({ made }: { readonly made: ExportView }) {
  const { t } = useTranslation();
  return (
    <>
      <p className="mt-s" role="status">
        {t('wholeRecord.done', { count: made.files })}
      </p>
      {made.failures.length > 0 && (
        <div className="note warn mt">
          <Icon name="attend" />
          <div>
            <p className="h">{t('wholeRecord.failed', { count: made.failures.length })}</p>
            <ul className="sm">
              {made.failures.slice(0, 50).map((it, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: names may be the same, and the list does not change.
                <li key={i}>
                  <bdi>{it.name}</bdi> <span className="xs dim">{it.code}</span>
                </li>
              ))}
            </ul>
          </div>
        </div>
      )}
      <ul className="what">
        <li className="no">
          <Icon name="attend" />
          <span>{t('wholeRecord.limit')}</span>
        </li>
        <li>
          <Icon name="print" />
          <span>{t('wholeRecord.printHint')}</span>
        </li>
      </ul>
      <div className="acts">
        <button
          type="button"
          className="btn main"
          onClick={() => saveFile(made.page, pageName(Date.now()))}
        >
          <Icon name="save" />
          {t('wholeRecord.savePage')}
        </button>
        <button
          type="button"
          className="btn line"
          onClick={() => saveFile(made.zip, zipName(Date.now()))}
        >
          {t('wholeRecord.saveZip')}
        </button>
        <Link className="btn bare" to="/move">
          {t('moving.toMove')}
        </Link>
      </div>
    </>
  );
}

const dayOfName = (ms: number): string => {
  const at = new Date(ms);
  const two = (it: number): string => String(it).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
};
const pageName = (ms: number): string => `health-record-${dayOfName(ms)}.html`;
const zipName = (ms: number): string => `health-record-${dayOfName(ms)}.zip`;

import { type ChangeEvent, type DragEvent, useState, useSyncExternalStore } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import { sizeText } from '../../app/dates.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon, type IconName } from '../../parts/icon.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import { Progress } from '../../parts/progress.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import { Added, Whose } from './add-result.tsx';
import { TypeDialog } from './add-typed.tsx';
import { type AddingFile, adding, filesIn } from './adding.ts';

/** Bringing records in: files, a folder, a picture, or a few words. */
export function AddPage() {
  const { t } = useTranslation();
  const { state } = useLocation() as { readonly state: { readonly type?: boolean } | null };
  const [isTyping, setTyping] = useState(state?.type === true);
  const [isOver, setOver] = useState(false);
  const files = useSyncExternalStore(adding.subscribe, adding.now);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void filesIn(event.dataTransfer.items).then((it) => adding.add(it));
  };
  const chosen = (event: ChangeEvent<HTMLInputElement>) => {
    adding.add([...(event.target.files ?? [])]);
    event.target.value = '';
  };
  const isDone = files.length > 0 && !adding.isWorking;
  return (
    <main id="page" className="page" tabIndex={-1}>
      <WayBack to="/record">{t('item.back')}</WayBack>
      <Answer>
        <Trans i18nKey="adding.answer" components={{ em: <em /> }} />
      </Answer>
      <p className="lead">{t('adding.lead')}</p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside do the same for who does not drag. */}
      <div
        className={`drop sec ${isOver ? 'over' : ''}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <div className="acts">
          <FileButton icon="file" words={t('adding.files')} isMain onChange={chosen} multiple />
          <FileButton icon="box" words={t('adding.folder')} onChange={chosen} isFolder />
          <FileButton icon="image" words={t('adding.camera')} onChange={chosen} isCamera />
          <button type="button" className="btn line" onClick={() => setTyping(true)}>
            <Icon name="write" />
            {t('adding.type')}
          </button>
        </div>
        <NeedsNetwork />
        <p className="sm dim">{t('adding.drop')}</p>
      </div>
      {files.length > 0 && (
        <section className="sec">
          <div className="sec-head">
            <h2>{t('adding.list')}</h2>
            {adding.isWorking && (
              <button type="button" className="btn bare small" onClick={() => adding.cancel()}>
                {t('adding.cancel')}
              </button>
            )}
          </div>
          <ul className="sheet added">
            {files.map((it) => (
              <li key={it.id}>
                <FileLine file={it} />
              </li>
            ))}
          </ul>
          {adding.isWorking && <p className="hint mt-s">{t('adding.tab')}</p>}
          {isDone && (
            <div className="acts">
              <Link className="btn main" to="/record">
                {t('adding.toRecord')}
              </Link>
            </div>
          )}
        </section>
      )}
      {isTyping && <TypeDialog onClose={() => setTyping(false)} />}
    </main>
  );
}

/** The browser's own file input under a button's look: the keyboard and readers find it. */
function FileButton({
  icon,
  words,
  isMain = false,
  multiple = false,
  isFolder = false,
  isCamera = false,
  onChange,
}: {
  readonly icon: IconName;
  readonly words: string;
  readonly isMain?: boolean;
  readonly multiple?: boolean;
  readonly isFolder?: boolean;
  readonly isCamera?: boolean;
  readonly onChange: (event: ChangeEvent<HTMLInputElement>) => void;
}) {
  return (
    <label className={`btn file-btn ${isMain ? 'main' : 'line'}`}>
      <Icon name={icon} />
      {words}
      <input
        type="file"
        multiple={multiple}
        {...(isFolder ? { webkitdirectory: '' } : {})}
        {...(isCamera ? { accept: 'image/*', capture: 'environment' as const } : {})}
        onChange={onChange}
      />
    </label>
  );
}

const phases = {
  reading: 'adding.phaseReading',
  sealing: 'adding.phaseSealing',
  uploading: 'adding.phaseUploading',
  anchoring: 'adding.phaseAnchoring',
  fetching: 'adding.phaseFetching',
  opening: 'adding.phaseOpening',
} as const;

function FileLine({ file }: { readonly file: AddingFile }) {
  const { t } = useTranslation();
  const { progress, result, state } = file;
  const phase = phases[(progress?.phase ?? 'reading') as keyof typeof phases];
  const isCounted = (progress?.total ?? 0) > 0 && (progress?.total ?? 0) < 100_000;
  const words =
    t(phase) +
    (isCounted ? `, ${t('adding.of', { done: progress?.done, total: progress?.total })}` : '');
  return (
    <>
      <p>
        <bdi className="name">{file.name}</bdi>{' '}
        <span className="sm dim">{sizeText(file.bytes)}</span>
      </p>
      {state === 'waits' && <p className="sm dim">{t('adding.waits')}</p>}
      {state === 'cancelled' && (
        <p className="sm">
          {t(progress?.phase === 'anchoring' ? 'adding.cancelledLate' : 'adding.cancelled')}
        </p>
      )}
      {state === 'works' && (
        <div className="mt-s">
          <Progress done={progress?.done ?? 0} total={progress?.total ?? 0} words={words} />
          <p className="sm dim mt-s n" role="status">
            {words}
          </p>
        </div>
      )}
      {state === 'failed' && (
        <Failed error={file.error} again={() => adding.retry(file.id)}>
          <button type="button" className="btn bare small" onClick={() => adding.leaveOut(file.id)}>
            {t('adding.leaveOut')}
          </button>
        </Failed>
      )}
      {result?.kind === 'added' && <Added id={file.id} result={result} />}
      {state === 'asks' && result?.kind === 'persons' && <Whose id={file.id} result={result} />}
    </>
  );
}

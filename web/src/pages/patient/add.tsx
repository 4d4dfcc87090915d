import { type ChangeEvent, type DragEvent, useState, useSyncExternalStore } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Link, useLocation } from 'react-router';
import { clinicalDay, sizeText } from '../../app/dates.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon, type IconName } from '../../parts/icon.tsx';
import { Progress } from '../../parts/progress.tsx';
import type { AddedView } from '../../worker/calls/add.ts';
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
      <p className="over">
        <Link to="/record">
          <Icon name="back" flip />
          {t('item.back')}
        </Link>
      </p>
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

/** What became of it: what was new, what was there, what stayed out and why. */
export function Added({
  id,
  result,
}: {
  readonly id: number | undefined;
  readonly result: Extract<AddedView, { kind: 'added' }>;
}) {
  const { t } = useTranslation();
  const counts = ['unchanged', 'restricted', 'ofOthers', 'withdrawn'] as const;
  const told = counts.filter((it) => result[it] > 0);
  const care = (['unreadable', 'foreign'] as const).filter((it) => result[it] > 0);
  const kinds = result.byClass.map(
    (it) => `${t(`classes.${it.recordClass}` as 'classes.lab')} ${it.count}`,
  );
  return (
    <div role="status">
      <p className="sm">
        {result.isKnown
          ? t('adding.known')
          : result.added === 0
            ? t('adding.nothing')
            : `${t('adding.added', { count: result.added })}${kinds.length > 1 ? ` · ${kinds.join(' · ')}` : ''}`}
      </p>
      <ul className="what sm">
        {told.map((it) => (
          <li key={it}>
            <Icon name={it === 'restricted' ? 'lock' : 'info'} />
            <span>{t(`adding.${it}`, { count: result[it] })}</span>
          </li>
        ))}
        {care.map((it) => (
          <li key={it} className="no">
            <Icon name="attend" />
            <span>{t(`adding.${it}`, { count: result[it] })}</span>
          </li>
        ))}
        {result.said.map((it) => (
          <li key={it} className="no">
            <Icon name="attend" />
            <span>{t('adding.said', { text: it })}</span>
          </li>
        ))}
        {result.erasedBefore > 0 && (
          <li>
            <Icon name="erase" />
            <span>
              {t('adding.erasedBefore', { count: result.erasedBefore })}{' '}
              {id !== undefined && (
                <button
                  type="button"
                  className="btn bare small"
                  onClick={() => adding.retry(id, { again: true })}
                >
                  {t('adding.bringBack')}
                </button>
              )}
            </span>
          </li>
        )}
      </ul>
      {result.handle !== undefined && (
        <Link className="btn line small" to={`/item/${result.handle}`}>
          {t('adding.open')}
        </Link>
      )}
    </div>
  );
}

/** A file about somebody else, or about several: nothing is added until it is said whose. */
function Whose({
  id,
  result,
}: {
  readonly id: number;
  readonly result: Extract<AddedView, { kind: 'persons' }>;
}) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<string>();
  const everybody = '*';
  return (
    <fieldset className="mt-s">
      <legend className="b">{t('adding.whose')}</legend>
      <p className="sm dim">{t('adding.whoseText')}</p>
      <div className="checks">
        {result.people.map((it) => (
          <label key={`${it.name} ${it.born}`}>
            <input
              type="radio"
              name={`whose-${id}`}
              checked={chosen === it.name}
              onChange={() => setChosen(it.name)}
            />
            <span>
              <bdi>{it.name}</bdi>,{' '}
              <span className="dim">
                {it.born === undefined
                  ? t('adding.notBorn')
                  : t('adding.born', { day: clinicalDay(it.born) })}
              </span>
            </span>
          </label>
        ))}
        <label>
          <input
            type="radio"
            name={`whose-${id}`}
            checked={chosen === everybody}
            onChange={() => setChosen(everybody)}
          />
          <span>
            {t('adding.everybody')}
            <br />
            <span className="sm dim">{t('adding.everybodyText')}</span>
          </span>
        </label>
      </div>
      <div className="acts">
        <button
          type="button"
          className="btn main small"
          disabled={chosen === undefined}
          onClick={() =>
            adding.retry(id, { persons: chosen === everybody ? 'all' : { of: chosen ?? '' } })
          }
        >
          {t('adding.addThese')}
        </button>
        <button type="button" className="btn line small" onClick={() => adding.leaveOut(id)}>
          {t('adding.leaveOut')}
        </button>
      </div>
    </fieldset>
  );
}

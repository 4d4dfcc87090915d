import { type ChangeEvent, type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useAct, useSession } from '../../../boundary/use-call.ts';
import { Answer } from '../../../parts/answer.tsx';
import { Failed } from '../../../parts/failure.tsx';
import { Icon } from '../../../parts/icon.tsx';
import { Progress } from '../../../parts/progress.tsx';
import { saveFile } from '../../../parts/save.ts';
import type { ClosedView } from '../../../worker/calls/moving.ts';
import { CodeField } from '../../keys/code-field.tsx';
import { ClosingWhat } from './close.tsx';
import { Closed } from './closed.tsx';

const fileName = 'everything-of-my-account.zip';

/** Everything into a file, the file read back from where it was saved, and only then is anything erased. */
export function LeavePage() {
  const [closed, setClosed] = useState<ClosedView>();
  return (
    <main id="page" className="page" tabIndex={-1}>
      <div className="maxw">
        {closed === undefined ? <Leaving onClosed={setClosed} /> : <Closed closed={closed} />}
      </div>
    </main>
  );
}

function Leaving({ onClosed }: { readonly onClosed: (closed: ClosedView) => void }) {
  const { t } = useTranslation();
  const session = useSession();
  const make = useAct('leave.export');
  const check = useAct('leave.check');
  const from = (session?.open === true ? session.hospital : undefined) ?? '';
  const begin = () =>
    make.mutate({ madeMs: Date.now() }, { onSuccess: ({ zip }) => saveFile(zip, fileName) });
  const chosen = (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? [];
    if (file !== undefined) check.mutate({ file });
    event.target.value = '';
  };
  const { data: made, progress } = make;
  const words = t('moving.progress', { done: progress?.done ?? 0, total: progress?.total ?? 0 });
  return (
    <>
      <Answer>{t('leaving.answer', { from })}</Answer>
      <p className="lead">{t('leaving.lead')}</p>
      {made === undefined && !make.isPending && (
        <div className="acts">
          <button type="button" className="btn main" onClick={begin}>
            <Icon name="save" />
            {t('leaving.make')}
          </button>
          <Link className="btn bare" to="/move">
            {t('leaving.move')}
          </Link>
        </div>
      )}
      {make.error !== null && <Failed error={make.error} again={begin} />}
      {make.isPending && (
        <section className="sec">
          <Progress done={progress?.done ?? 0} total={progress?.total ?? 0} words={words} />
          <p className="sm dim mt-s n" role="status">
            {words}
          </p>
          <div className="acts">
            <button type="button" className="btn line" onClick={make.cancel}>
              {t('moving.stop')}
            </button>
          </div>
        </section>
      )}
      {made !== undefined && (
        <section className="sec">
          <p role="status">
            {t('leaving.made', {
              ...{ imports: made.imports, records: made.records, receipts: made.receipts },
            })}
          </p>
          <p className="note warn mt">
            <Icon name="attend" />
            <span>{t('wholeRecord.limit')}</span>
          </p>
          {check.isSuccess ? (
            <LeaveForm from={from} onClosed={onClosed} />
          ) : (
            <div className="acts">
              <label className="btn file-btn main">
                <Icon name="file" />
                {t('leaving.choose')}
                <input type="file" onChange={chosen} />
              </label>
              <button
                type="button"
                className="btn line"
                onClick={() => saveFile(made.zip, fileName)}
              >
                {t('leaving.again')}
              </button>
            </div>
          )}
          {check.error !== null && <Failed error={check.error} />}
        </section>
      )}
    </>
  );
}

function LeaveForm({
  from,
  onClosed,
}: {
  readonly from: string;
  readonly onClosed: (closed: ClosedView) => void;
}) {
  const { t } = useTranslation();
  const [code, setCode] = useState('');
  const close = useAct('leave.close');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    close.mutate(code.trim() === '' ? {} : { code }, { onSuccess: onClosed });
  };
  return (
    <form onSubmit={submit}>
      <p className="mt" role="status">
        {t('leaving.same')}
      </p>
      <ClosingWhat from={from} />
      <CodeField value={code} onChange={setCode} isOptional />
      {close.error !== null && <Failed error={close.error} />}
      <div className="acts">
        <button type="submit" className="btn stop" disabled={close.isPending}>
          {close.isPending ? t('moving.working') : t('leaving.erase', { from })}
        </button>
        <Link className="btn line" to="/keys">
          {t('parts.notNow')}
        </Link>
      </div>
    </form>
  );
}

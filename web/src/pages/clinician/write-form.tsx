import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { CallError } from '../../boundary/link.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Chips } from '../../parts/chips.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import type { OpenDraft, Signed } from '../../worker/calls/writing.ts';
import type { ChartView } from '../../worker/chart-view.ts';
import type { DraftText } from '../../worker/drafts.ts';
import type { WrittenDraft } from './use-draft.ts';
import { Kept, Waits, WhatHappens } from './write-notices.tsx';

interface FormProps {
  readonly chart: ChartView | undefined;
  readonly opened: OpenDraft;
  readonly text: DraftText;
  readonly written: WrittenDraft;
  readonly name: string;
  readonly patient: string;
  readonly isKept: boolean;
  readonly onSigned: (signed: Signed) => void;
}

const kinds = ['note', 'diagnosis'] as const;

/** What is written, what happens when it is signed, and Sign. */
export function WriteForm({
  chart,
  opened,
  text,
  written,
  name,
  patient,
  isKept,
  onSigned,
}: FormProps) {
  const { t } = useTranslation();
  const sign = useAct('write.sign');
  const [keeping, setKeeping] = useState<CallError>();
  const ids = useId();
  const { change, keepNow } = written;
  const allowed = kinds.filter(
    (it) => chart === undefined || chart.shared.writeClasses.includes(it),
  );
  const kind = opened.isAmending || allowed.includes(text.kind) ? text.kind : allowed[0];
  const isWaiting = isKept || opened.state !== 'draft';
  const missing = missingIn({ chart, text, kind, opened });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (missing !== undefined || isWaiting || sign.isPending) return;
    const signNow = async () => {
      // A kind that was never touched is said before it is signed.
      if (kind !== undefined && kind !== text.kind) change({ kind });
      const place = await keepNow();
      setKeeping(undefined);
      const born = chart?.banner?.person?.born ?? '';
      sign.mutate({ place, born }, { onSuccess: onSigned });
    };
    signNow().catch(setKeeping);
  };
  const error = sign.error ?? keeping ?? written.error;
  return (
    <form onSubmit={submit}>
      {!opened.isAmending && allowed.length > 1 && (
        <fieldset className="field">
          <legend className="lab">{t('write.what')}</legend>
          <Chips
            name={`${ids}kind`}
            all={allowed}
            chosen={kind}
            disabled={isWaiting}
            onChoose={(it) => change({ kind: it })}
            wordOf={(it) => t(`write.kinds.${it}`)}
          />
        </fieldset>
      )}
      {opened.isAmending && (
        <Amending text={text} change={change} id={ids} isDisabled={isWaiting} />
      )}
      {!text.isError && (
        <>
          {kind === 'diagnosis' && (
            <>
              <div className="field">
                <label htmlFor={`${ids}title`}>{t('write.diagnosis')}</label>
                <input
                  id={`${ids}title`}
                  className="in-text"
                  autoComplete="off"
                  dir="auto"
                  maxLength={120}
                  readOnly={isWaiting}
                  value={text.title}
                  onChange={(event) => change({ title: event.target.value })}
                />
              </div>
              <div className="field">
                <label htmlFor={`${ids}code`}>{t('write.code')}</label>
                <input
                  id={`${ids}code`}
                  className="in-text"
                  autoComplete="off"
                  inputMode="numeric"
                  maxLength={18}
                  readOnly={isWaiting}
                  value={text.code}
                  onChange={(event) => change({ code: event.target.value.replace(/\D/gu, '') })}
                />
              </div>
            </>
          )}
          <div className="field">
            <label htmlFor={`${ids}text`}>
              {kind === 'diagnosis' ? t('write.found') : t('write.note')}
            </label>
            <textarea
              id={`${ids}text`}
              className="in-text"
              rows={9}
              dir="auto"
              readOnly={isWaiting}
              value={text.text}
              onChange={(event) => change({ text: event.target.value })}
            />
          </div>
        </>
      )}
      <Kept keptMs={written.keptMs} hasText={opened.keptMs !== undefined || text !== opened.text} />
      {isWaiting ? (
        <Waits
          state={isKept ? 'waiting' : opened.state}
          place={opened.place}
          reopen={written.reopen}
        />
      ) : (
        <section className="sheet pad mt">
          <div className="sec-head">
            <h2>{t('write.whatHappens')}</h2>
          </div>
          <WhatHappens chart={chart} kind={kind} name={name} />
          {error !== undefined && error !== null && (
            <Failed error={error}>
              <p>{t('write.draftStays')}</p>
            </Failed>
          )}
          <div className="acts">
            <button
              type="submit"
              className="btn main big fill"
              disabled={missing !== undefined || sign.isPending}
              aria-describedby={missing === undefined ? undefined : `${ids}missing`}
            >
              <Icon name="write" />
              {sign.isPending ? t('write.signing') : t('write.sign', { name })}
            </button>
            <Link className="btn bare" to={`/chart/${patient}`}>
              {t('write.keep')}
            </Link>
          </div>
          <NeedsNetwork what="sign" />
          {missing !== undefined && (
            <p className="hint mt-s" id={`${ids}missing`}>
              {t(`write.missing.${missing}`)}
            </p>
          )}
        </section>
      )}
    </form>
  );
}

type Missing = 'chart' | 'right' | 'title' | 'text' | 'reason';

/** What is waited for before it can be signed; undefined: nothing. */
function missingIn({
  chart,
  text,
  kind,
  opened,
}: {
  readonly chart: ChartView | undefined;
  readonly text: DraftText;
  readonly kind: DraftText['kind'] | undefined;
  readonly opened: OpenDraft;
}): Missing | undefined {
  if (chart?.isWhole !== true) return 'chart';
  if (kind === undefined || !chart.shared.writeClasses.includes(kind)) return 'right';
  if (opened.isAmending && text.reason.trim() === '') return 'reason';
  if (text.isError) return undefined;
  if (kind === 'diagnosis') return text.title.trim() === '' ? 'title' : undefined;
  return text.text.trim() === '' ? 'text' : undefined;
}

function Amending({
  text,
  change,
  id,
  isDisabled,
}: {
  readonly text: DraftText;
  readonly change: WrittenDraft['change'];
  readonly id: string;
  readonly isDisabled: boolean;
}) {
  const { t } = useTranslation();
  return (
    <>
      <div className="field">
        <label htmlFor={`${id}reason`}>{t('write.reason')}</label>
        <input
          id={`${id}reason`}
          className="in-text"
          autoComplete="off"
          dir="auto"
          maxLength={300}
          readOnly={isDisabled}
          value={text.reason}
          onChange={(event) => change({ reason: event.target.value })}
        />
        <p className="hint mt-s">{t('write.reasonHint')}</p>
      </div>
      <div className="field">
        <label className="tick">
          <input
            type="checkbox"
            checked={text.isError}
            disabled={isDisabled}
            onChange={(event) => change({ isError: event.target.checked })}
          />{' '}
          {t('write.isError')}
        </label>
      </div>
    </>
  );
}

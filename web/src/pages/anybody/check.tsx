import { type ChangeEvent, type DragEvent, useState } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { momentText } from '../../app/dates.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import type { CheckedView } from '../../worker/calls/check.ts';

/** Whether a receipt holds, and who vouches; it works with the network off. */
export function Check() {
  const { t } = useTranslation();
  const [words, setWords] = useState('');
  const [file, setFile] = useState<Uint8Array>();
  const check = useAct('check.receipt');
  const look = async (chosen: File | undefined) => {
    if (chosen === undefined) return;
    const bytes = new Uint8Array(await chosen.arrayBuffer());
    setFile(bytes);
    check.mutate({ file: bytes, words });
  };
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    void look(event.dataTransfer.files[0]);
  };
  return (
    <main id="page" className="page" tabIndex={-1}>
      <div className="maxw">
        {check.data === undefined ? (
          <>
            <Answer>{check.error === null ? t('check.answer') : t('check.holdsNot')}</Answer>
            <p className="lead">{t('check.lead')}</p>
          </>
        ) : (
          <Holds checked={check.data} />
        )}
        {check.error !== null && <Failed error={check.error} />}
        <section className="sec">
          {check.data !== undefined && (
            <div className="sec-head">
              <h2>{t('check.another')}</h2>
            </div>
          )}
          {/* biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same without a mouse */}
          <div className="drop" onDragOver={(event) => event.preventDefault()} onDrop={dropped}>
            <Icon name="verified" />
            <p className="b">{t('check.drop')}</p>
            <p className="dim sm">{t('check.stays')}</p>
            <label className="btn line file-btn">
              {t('check.choose')}
              <input
                type="file"
                className="hide"
                onChange={(event: ChangeEvent<HTMLInputElement>) =>
                  void look(event.target.files?.[0])
                }
              />
            </label>
          </div>
          <div className="field">
            <label htmlFor="words">{t('check.words')}</label>
            <input
              id="words"
              className="in-text"
              autoComplete="off"
              spellCheck={false}
              dir="ltr"
              value={words}
              onChange={(event) => setWords(event.target.value)}
              aria-describedby="words-hint"
            />
            <p id="words-hint" className="hint">
              {t('check.wordsHint')}
            </p>
          </div>
          {file !== undefined && words.trim() !== '' && (
            <div className="acts">
              <button
                type="button"
                className="btn line"
                onClick={() => check.mutate({ file, words })}
              >
                {t('check.withWords')}
              </button>
            </div>
          )}
        </section>
        <p className="acts">
          <Link className="btn bare" to="/explorer">
            <Icon name="box" />
            {t('explorer.latest')}
          </Link>
        </p>
      </div>
    </main>
  );
}

function Holds({ checked }: { readonly checked: CheckedView }) {
  const { t } = useTranslation();
  const nameOf = (account: unknown): string => {
    const found = checked.names.find((it) => it.account === account);
    return found?.name ?? `${String(account).slice(0, 8)}…`;
  };
  const acts = checked.acts.map((it) => t(`acts.${String(it.kind)}` as 'acts.Enrol'));
  const isRefused = checked.outcome !== 'accepted';
  return (
    <>
      <Answer>
        <Trans i18nKey="check.holds" components={{ em: <em /> }} />
      </Answer>
      <p className="lead">
        {t('check.says', {
          when: momentText(checked.timeMs),
          who: nameOf(checked.sender),
          what: acts.join('; '),
        })}{' '}
        {isRefused && t('check.refused')}
      </p>
      <section className="sheet pad mt">
        <h2 className="sh">{t('check.was')}</h2>
        <ul className="what sm mt-s">
          <li>
            <Icon name="check" />
            <span>{t('check.signature')}</span>
          </li>
          <li>
            <Icon name="check" />
            <span>{t('check.path', { height: checked.height })}</span>
          </li>
          <li className={checked.trustedBy === 'bundle' ? 'no' : ''}>
            <Icon name={checked.trustedBy === 'bundle' ? 'attend' : 'check'} />
            <span>{t(`check.trusted.${checked.trustedBy}`)}</span>
          </li>
          <li className={checked.validatorsTotal + checked.witnesses > 1 ? '' : 'no'}>
            <Icon name={checked.validatorsTotal + checked.witnesses > 1 ? 'check' : 'attend'} />
            <span>
              {checked.validatorsTotal > 1
                ? t('check.validators', {
                    signed: checked.validatorsSigned,
                    total: checked.validatorsTotal,
                  })
                : t('check.oneOperator', { count: checked.witnesses })}
            </span>
          </li>
        </ul>
        <details className="mt">
          <summary className="btn bare small">{t('check.bytes')}</summary>
          <dl className="facts two">
            <Fact name={t('check.ledgerWords')} value={checked.trustWords.join(' ')} />
            <Fact name={t('check.ledger')} value={checked.chain} />
            <Fact name={t('check.block')} value={`${checked.height}, ${checked.headerHash}`} />
            <Fact name={t('check.act')} value={checked.txId} />
            <Fact name={t('check.sender')} value={checked.sender} />
            {[...checked.acts, ...(checked.claim === undefined ? [] : [checked.claim])].map(
              (facts) => (
                <Fact
                  key={JSON.stringify(facts)}
                  name={String(facts.kind ?? '')}
                  value={Object.entries(facts)
                    .filter(([key]) => key !== 'kind')
                    .map(([key, it]) => `${key}: ${String(it)}`)
                    .join(', ')}
                />
              ),
            )}
          </dl>
        </details>
        <div className="acts">
          <button type="button" className="btn line small" onClick={() => print()}>
            <Icon name="print" />
            {t('check.print')}
          </button>
        </div>
      </section>
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span className="mono">{value}</span>
      </dd>
    </div>
  );
}

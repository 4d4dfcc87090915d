import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { locale, momentText } from '../../app/dates.ts';
import { useAct, useCall, useSession } from '../../boundary/use-call.ts';
import { Answer, AnswerWaiting } from '../../parts/answer.tsx';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import type { ExplorerView } from '../../worker/calls/explorer.ts';

const shownAtOnce = 20;

/** The newest of the ledger, in plain words; each block was checked here before it is shown. */
export function Explorer() {
  const { t } = useTranslation();
  const read = useCall('explorer.blocks', { count: shownAtOnce });
  return (
    <main id="page" className="page" tabIndex={-1}>
      <div className="split">
        <div>
          {read.data === undefined ? (
            <>
              {read.error === null ? (
                <AnswerWaiting what={t('explorer.waiting')} />
              ) : (
                <Answer>{t('explorer.notShown')}</Answer>
              )}
              {read.error !== null && (
                <LedgerFailed error={read.error} again={() => void read.refetch()} />
              )}
            </>
          ) : (
            <>
              <Answer>
                {t('explorer.answer', {
                  height: new Intl.NumberFormat(locale()).format(read.data.newest),
                })}
              </Answer>
              <p className="lead">{t('explorer.lead')}</p>
              {read.data.against === 'first' && <FirstSight words={read.data.trustWords} />}
              <ul className="list sec">
                {read.data.blocks.map((it) => (
                  <li key={it.height}>
                    <Link className="t" to={`/explorer/${it.height}`}>
                      {t('explorer.block', {
                        height: new Intl.NumberFormat(locale()).format(it.height),
                      })}
                    </Link>{' '}
                    <span className="s">{momentText(it.timeMs)}</span>
                    <br />
                    <WhatHappened txs={it.txs} />
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
        <div>
          {read.data !== undefined && <HowChecked read={read.data} />}
          <NeverThere />
        </div>
      </div>
    </main>
  );
}

type Txs = ExplorerView['blocks'][number]['txs'];

/** Kinds of acts with how many of each; what is held back and what was refused are counted too. */
export function WhatHappened({ txs }: { readonly txs: Txs }) {
  const { t } = useTranslation();
  const number = new Intl.NumberFormat(locale());
  const counts = new Map<string, number>();
  const add = (word: string): unknown => counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const tx of txs) {
    if (!tx.accepted) add(t('explorer.refused'));
    else if (tx.body === undefined) add(t('explorer.heldBack'));
    else for (const { kind } of tx.body.acts) add(t(`acts.${String(kind)}` as 'acts.Enrol'));
  }
  if (counts.size === 0) return <span className="s">{t('explorer.nothing')}</span>;
  return (
    <span className="s">
      {[...counts]
        .map(([word, count]) => (count === 1 ? word : `${word} (${number.format(count)})`))
        .join(' · ')}
    </span>
  );
}

/** Another ledger than before is not shown; who knows why may see it as if for the first time. */
export function LedgerFailed({
  error,
  again,
}: {
  readonly error: unknown;
  readonly again: () => void;
}) {
  const { t } = useTranslation();
  const session = useSession();
  const forget = useAct('explorer.forget');
  const code = (error as { readonly code?: string }).code ?? '';
  const isOther = ['LEDGER_FORKED', 'HEADER_INVALID', 'TRUST_ROOT_WRONG', 'GATEWAY_LIED'];
  return (
    <Failed error={error} again={again}>
      {isOther.includes(code) && session?.open === false && (
        <button
          type="button"
          className="btn bare small"
          onClick={() => forget.mutate(undefined, { onSuccess: again })}
        >
          {t('explorer.forget')}
        </button>
      )}
    </Failed>
  );
}

/** What was checked, against which ledger, and its words: a page cannot prove that it is the right one. */
export function HowChecked({
  read: { against, trustWords },
}: {
  readonly read: Pick<ExplorerView, 'against' | 'trustWords'>;
}) {
  const { t } = useTranslation();
  return (
    <section className="sec side1">
      <div className="sec-head">
        <h2>{t('explorer.checked')}</h2>
      </div>
      <p className="sm">{t('explorer.checkedText')}</p>
      {against !== 'first' && (
        <>
          <p className="sm mt-s">{t(`explorer.against.${against}`)}</p>
          <Words words={trustWords} />
          <p className="sm dim">{t('keys.wordsText')}</p>
        </>
      )}
      <p className="acts">
        <Link className="btn line small" to="/check">
          <Icon name="verified" />
          {t('explorer.check')}
        </Link>
      </p>
    </section>
  );
}

/** What nobody can prove to who comes for the first time: the words are compared outside this page. */
export function FirstSight({ words }: { readonly words: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <div className="note sec">
      <Icon name="info" />
      <div>
        <p>{t('explorer.against.first')}</p>
        <Words words={words} />
        <p className="sm dim">{t('keys.wordsText')}</p>
      </div>
    </div>
  );
}

const Words = ({ words }: { readonly words: readonly string[] }) => (
  <p className="sm mono mt-s" dir="ltr" data-testid="ledger-words">
    {words.join(' ')}
  </p>
);

export function NeverThere() {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('explorer.never')}</h2>
      </div>
      <p className="sm dim">{t('explorer.neverText')}</p>
    </section>
  );
}

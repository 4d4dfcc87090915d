import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { locale, momentText } from '../../app/dates.ts';
import { NotHere } from '../../app/not-here.tsx';
import { useCall } from '../../boundary/use-call.ts';
import { Answer, AnswerWaiting } from '../../parts/answer.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import type { ExplorerView } from '../../worker/calls/explorer.ts';
import { FirstSight, HowChecked, LedgerFailed, NeverThere } from './explorer.tsx';

/** One block: what is in it, as far as it is open to everybody. */
export function Block() {
  const { height } = useParams();
  const at = /^[1-9]\d{0,14}$/u.test(height ?? '') ? Number(height) : undefined;
  return at === undefined ? <NotHere /> : <BlockAt height={at} />;
}

function BlockAt({ height }: { readonly height: number }) {
  const { t } = useTranslation();
  const read = useCall('explorer.blocks', { to: height, count: 1 });
  const block = read.data?.blocks.find((it) => it.height === height);
  if (read.data !== undefined && block === undefined) return <NotHere />;
  return (
    <main id="page" className="page" tabIndex={-1}>
      <WayBack to="/explorer">{t('nav.explorer')}</WayBack>
      <div className="split">
        <div>
          {block === undefined ? (
            read.error === null ? (
              <AnswerWaiting what={t('explorer.waiting')} />
            ) : (
              <>
                <Answer>{t('explorer.notShown')}</Answer>
                <LedgerFailed error={read.error} again={() => void read.refetch()} />
              </>
            )
          ) : (
            <Known block={block} />
          )}
        </div>
        <div>
          {read.data?.against === 'first' && <FirstSight words={read.data.trustWords} />}
          {read.data !== undefined && <HowChecked read={read.data} />}
          <NeverThere />
        </div>
      </div>
    </main>
  );
}

function Known({ block }: { readonly block: ExplorerView['blocks'][number] }) {
  const { t } = useTranslation();
  const { height, timeMs, headerHash, isFollowed, txs } = block;
  return (
    <>
      <Answer>
        {t('explorer.block', { height: new Intl.NumberFormat(locale()).format(height) })}
      </Answer>
      <p className="lead">
        {momentText(timeMs)}. {!isFollowed && t('explorer.newest')}
      </p>
      {txs.length === 0 && <p className="dim sec">{t('explorer.nothing')}</p>}
      <ul className="list sec">
        {txs.map((tx) => (
          <li key={tx.txId}>
            <span className="t">
              {tx.body === undefined
                ? t('explorer.heldBack')
                : tx.body.acts
                    .map(({ kind }) => t(`acts.${String(kind)}` as 'acts.Enrol'))
                    .join(' · ')}
            </span>{' '}
            {!tx.accepted && <span className="tag bad">{t('explorer.refused')}</span>}
            {tx.body !== undefined && (
              <p className="s">
                {t('explorer.by')} <bdi className="mono">{tx.body.sender.slice(0, 16)}</bdi>
              </p>
            )}
            <p className="s">
              {t('explorer.txId')}{' '}
              <bdi className="mono" dir="ltr">
                {tx.txId}
              </bdi>
            </p>
          </li>
        ))}
      </ul>
      <p className="sm dim mt">
        {t('explorer.headerHash')}{' '}
        <bdi className="mono" dir="ltr">
          {headerHash}
        </bdi>
      </p>
    </>
  );
}

import { useTranslation } from 'react-i18next';
import { useParams } from 'react-router';
import { NotHere } from '../../app/not-here.tsx';
import { Answer } from '../../parts/answer.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import { type Topic, topics } from './troubles.ts';

/** Where each stands in whole, with its commands. */
const pages: Readonly<Record<Topic, string>> = {
  ledger: 'docs/operations/runbook/ledger-stalled.md',
  behind: 'docs/operations/runbook/ledger-stalled.md',
  disk: 'docs/operations/runbook/disk.md',
  backup: 'docs/operations/backup.md',
  process: 'docs/operations/processes.md',
  refusals: 'docs/operations/runbook/refusals.md',
};
const steps = ['first', 'then', 'last'] as const;

/** What happened, what still holds, and three steps; the whole page of each is in `docs/operations`. */
export function Runbook() {
  const { t } = useTranslation();
  const { topic } = useParams();
  const known = topics.find((it) => it === topic);
  if (known === undefined) return <NotHere />;
  return (
    <main id="page" className="page" tabIndex={-1}>
      <div className="maxw">
        <WayBack to="/network">{t('nav.network')}</WayBack>
        <Answer>{t(`runbook.${known}.title`)}</Answer>
        <p className="lead">{t(`runbook.${known}.what`)}</p>
        <ol className="rows sheet sec">
          {steps.map((it, at) => (
            <li key={it} className="row stepr">
              <span className="mono-g s">{at + 1}</span>
              <span>{t(`runbook.${known}.${it}`)}</span>
              <span />
            </li>
          ))}
        </ol>
        <p className="hint mt">{t('runbook.more', { page: pages[known] })}</p>
      </div>
    </main>
  );
}

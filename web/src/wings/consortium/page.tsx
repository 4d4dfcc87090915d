import { Trans, useTranslation } from 'react-i18next';
import { locale, momentText } from '../../app/dates.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { type Answered, AskedPage } from '../../parts/asked-page.tsx';
import { NotNow } from '../../parts/not-now.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import type { ConsortiumView } from './calls.ts';
import { Members } from './members.tsx';
import { Duties, Proposals, titlesIn } from './proposals.tsx';

/** While it is open it asks again by itself. */
const everyMs = 10_000;

/** What `consortium status` says: one sentence answers, then what is to do, members, copies and proposals. */
export function ConsortiumPage() {
  const { t } = useTranslation();
  const asked = useCall('consortium', undefined, { everyMs });
  return (
    <AskedPage
      asked={asked}
      what={t('consortium.waiting')}
      back={<WayBack to="/network">{t('nav.network')}</WayBack>}
    >
      {(answered) => <Known {...answered} />}
    </AskedPage>
  );
}

function Known({ view, error, again }: Answered<ConsortiumView>) {
  const { t } = useTranslation();
  const { machine, members, quorum, cases, askedMs } = view;
  const titleOf = titlesIn(members);
  const number = new Intl.NumberFormat(locale());
  const counting = members.filter((it) => it.counts).length;
  return (
    <>
      {error === null ? (
        <HowItIs machine={machine} />
      ) : (
        <NotNow askedMs={askedMs} error={error} again={again} />
      )}
      <p className="lead">
        {machine === undefined
          ? t('consortium.oneLead', { members: members.length })
          : t('consortium.lead', { quorum, members: counting })}
      </p>
      {machine !== undefined && <Machine machine={machine} />}
      {machine !== undefined && <Duties duties={machine.duties} view={view} />}
      <Members view={view} />
      {machine !== undefined && <Store replicas={machine.replicas} />}
      <Proposals view={view} />
      {cases.length > 0 && (
        <section className="sec">
          <div className="sec-head">
            <h2>{t('consortium.cases')}</h2>
          </div>
          <ul className="list maxw">
            {cases.map((it) => (
              <li key={`${it.publicKey} ${it.height}`}>
                {t('consortium.case', {
                  member: titleOf(it.organisation) || it.publicKey,
                  height: number.format(it.height),
                })}
              </li>
            ))}
          </ul>
        </section>
      )}
      <p className="hint mt-s">{t('consortium.again', { when: momentText(askedMs) })}</p>
    </>
  );
}

type MachineView = NonNullable<ConsortiumView['machine']>;

function HowItIs({ machine }: Pick<ConsortiumView, 'machine'>) {
  const { t } = useTranslation();
  if (machine === undefined) return <Answer>{t('consortium.one')}</Answer>;
  const marks = { warn: <span className="warn" />, bad: <span className="bad" /> };
  if (machine.node === undefined) {
    return (
      <Answer>
        <Trans i18nKey="consortium.down" components={marks} />
      </Answer>
    );
  }
  return (
    <Answer>
      {machine.duties.length === 0 ? (
        t('consortium.well')
      ) : (
        <Trans i18nKey="consortium.toDo" components={marks} />
      )}
    </Answer>
  );
}

function Machine({ machine: { node, peers } }: { readonly machine: MachineView }) {
  const { t } = useTranslation();
  const number = new Intl.NumberFormat(locale());
  const connected = peers.filter((it) => it.isConnected).length;
  return (
    <dl className="beat">
      {node !== undefined && (
        <>
          <div>
            <dt>{t('consortium.height')}</dt>
            <dd>
              {number.format(node.height)}
              {node.isCatchingUp && <small>{t('consortium.catching')}</small>}
            </dd>
          </div>
          <div>
            <dt>{t('consortium.behind')}</dt>
            <dd>{number.format(node.lag)}</dd>
          </div>
          <div>
            <dt>{t('consortium.waits')}</dt>
            <dd>{number.format(node.mempool.txs)}</dd>
          </div>
        </>
      )}
      <div>
        <dt>{t('consortium.peers')}</dt>
        <dd>
          {t('consortium.of', {
            some: number.format(connected),
            all: number.format(peers.length),
          })}
        </dd>
      </div>
    </dl>
  );
}

function Store({ replicas }: Pick<MachineView, 'replicas'>) {
  const { t } = useTranslation();
  const number = new Intl.NumberFormat(locale());
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('consortium.store')}</h2>
      </div>
      {replicas === undefined ? (
        <p className="dim">{t('consortium.storeDown')}</p>
      ) : (
        <dl className="beat">
          <div>
            <dt>{t('consortium.storeOwn')}</dt>
            <dd>{number.format(replicas.blobs)}</dd>
          </div>
          <div>
            <dt>{t('consortium.storeBelow')}</dt>
            <dd>
              {replicas.below === undefined
                ? t('consortium.uncounted')
                : number.format(replicas.below)}
            </dd>
          </div>
          <div>
            <dt>{t('consortium.storeHeld')}</dt>
            <dd>{number.format(replicas.heldBlobs)}</dd>
          </div>
        </dl>
      )}
    </section>
  );
}

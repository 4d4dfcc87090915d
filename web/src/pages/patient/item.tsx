import { useEffect, useState } from 'react';
import { flushSync } from 'react-dom';
import { Trans, useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { clinicalDay, momentText, sizeText } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { usePersonName } from '../../parts/person-sign.tsx';
import { iconOfClass } from '../../parts/record-row.tsx';
import { saveFile } from '../../parts/save.ts';
import { Unanswered } from '../../parts/unanswered.tsx';
import { WayBack } from '../../parts/way-back.tsx';
import type { OpenedItemView } from '../../worker/calls/item.ts';
import type { ItemView } from '../../worker/item-view.ts';
import { ItemBody } from './item-body.tsx';
import { ChangeDialog } from './item-change.tsx';
import { EraseDialog } from './item-erase.tsx';
import { OwnProof } from './item-proof.tsx';
import { ItemSide } from './item-side.tsx';

/** One entry: what it says, who can see it, who did, and what proves it. */
export function ItemPage() {
  const { t } = useTranslation();
  const { handle = '' } = useParams();
  const item = useCall('item.open', { handle });
  return (
    <main id="page" className="page" tabIndex={-1}>
      <WayBack to="/record">{t('item.back')}</WayBack>
      {item.data === undefined || item.error !== null ? (
        <Unanswered what={t('item.waiting')} error={item.error} again={() => void item.refetch()} />
      ) : (
        <Known key={handle} item={item.data} again={() => void item.refetch()} />
      )}
    </main>
  );
}

function Known({ item, again }: { readonly item: OpenedItemView; readonly again: () => void }) {
  if (item.state === 'erased') return <Erased />;
  if (item.state === 'refused') return <NotBelieved item={item} again={again} />;
  return <Live item={item} />;
}

function Live({ item }: { readonly item: ItemView }) {
  const { t } = useTranslation();
  const [asks, setAsks] = useState<'erase' | 'change'>();
  const [isProofOpen, setProofOpen] = useState(false);
  const original = useAct('item.bytes');
  const { handle, file } = item;
  const [isAsked, setAsked] = useState(item.isBrought || item.isOlder);
  const versions = useCall('item.versions', { handle }, { enabled: isAsked });
  const known = versions.data ?? [];
  const isOlder = item.isOlder || (known[0]?.isThis === false && known.some((it) => it.isThis));
  useEffect(() => {
    // A print is given away with its proof, however it was asked for.
    const open = () => flushSync(() => setProofOpen(true));
    addEventListener('beforeprint', open);
    return () => removeEventListener('beforeprint', open);
  }, []);
  return (
    <>
      <PrintHead item={item} />
      <div className="split">
        <div>
          <span className="kind">
            <Icon name={iconOfClass(item.recordClass)} />
            {t(`classes.${item.recordClass}` as 'classes.lab')}
          </span>
          <h1 className="answer wide-a">
            <bdi>{item.title}</bdi>
          </h1>
          <Lead item={item} />
          <div className="acts">
            <Link className="btn line small" to={`/share/${handle}`}>
              <Icon name="share" />
              {t('share.this')}
            </Link>
            <button type="button" className="btn line small" onClick={() => print()}>
              <Icon name="print" />
              {t('item.print')}
            </button>
            <button
              type="button"
              className="btn line small"
              disabled={original.isPending}
              onClick={() =>
                original.mutate({ handle }, { onSuccess: ({ blob, name }) => saveFile(blob, name) })
              }
            >
              <Icon name="save" />
              {t('item.original')} <span className="dim">{sizeText(file.bytes)}</span>
            </button>
            <button type="button" className="btn line small" onClick={() => setAsks('change')}>
              <Icon name="write" />
              {t('item.change')}
            </button>
            <button type="button" className="btn stop small" onClick={() => setAsks('erase')}>
              <Icon name="erase" />
              {t('item.erase')}
            </button>
          </div>
          {original.error !== null && <Failed error={original.error} />}
          <Notes item={item} isOlder={isOlder} />
          <ItemBody item={item} />
          <OwnProof item={item} isOpen={isProofOpen} onToggle={setProofOpen} />
        </div>
        <ItemSide
          item={item}
          versions={isAsked ? versions : undefined}
          onAskVersions={() => setAsked(true)}
        />
      </div>
      {asks === 'erase' && (
        <EraseDialog
          item={item}
          versions={Math.max(item.versions, known.length)}
          onClose={() => setAsks(undefined)}
        />
      )}
      {asks === 'change' && <ChangeDialog item={item} onClose={() => setAsks(undefined)} />}
    </>
  );
}

/** On paper alone: whose it is. */
function PrintHead({ item }: { readonly item: ItemView }) {
  const { t } = useTranslation();
  const { name, born } = item.patient;
  return (
    <p className="print-only sm">
      {t('item.printed', {
        name,
        born: born === undefined ? '' : t('item.printedBorn', { day: clinicalDay(born) }),
        when: momentText(Date.now()),
      })}
    </p>
  );
}

function Lead({ item }: { readonly item: ItemView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const date = whenOf(item);
  return (
    <p className="lead">
      {item.enteredByPatient ? (
        <>
          {date}. {t('item.typed')}
        </>
      ) : item.author.isMe ? (
        t('item.brought', { when: date })
      ) : (
        t('item.when', { when: date, who: nameOf(item.author) })
      )}
    </p>
  );
}

/** A moment with its zone, a day as it is; without either when it was written. */
function whenOf({ clinicalDate, writtenMs }: ItemView): string {
  if (clinicalDate === '') return momentText(writtenMs);
  const ms = /T.*(Z|[+-]\d\d:\d\d)$/u.test(clinicalDate) ? Date.parse(clinicalDate) : Number.NaN;
  return Number.isNaN(ms) ? clinicalDay(clinicalDate) : momentText(ms);
}

/** What turns how the rest is to be read, before it. */
function Notes({ item, isOlder }: { readonly item: ItemView; readonly isOlder: boolean }) {
  const { t } = useTranslation();
  const { amends, movedFrom } = item;
  const warnings = [
    ...(isOlder ? [t('item.older')] : []),
    ...(item.isWithdrawn ? [t('item.withdrawn')] : []),
    ...(amends === undefined
      ? []
      : [t(amends.enteredInError ? 'item.inError' : 'item.amended', { reason: amends.reason })]),
    ...(item.problems.length > 0 ? [t('item.problem')] : []),
    ...movedFrom.filter((it) => !it.holds).map((it) => t('item.movedDoubt', { from: it.from })),
  ];
  const facts = [
    ...(item.isRestricted ? [t('item.restricted')] : []),
    ...movedFrom.filter((it) => it.holds).map((it) => t('item.moved', { from: it.from })),
  ];
  return (
    <>
      {warnings.length > 0 && (
        <div className="note warn mt">
          <Icon name="attend" />
          <div>
            {warnings.map((it) => (
              <p key={it}>{it}</p>
            ))}
          </div>
        </div>
      )}
      {facts.length > 0 && (
        <div className="note mt">
          <Icon name={item.isRestricted ? 'lock' : 'info'} />
          <div>
            {facts.map((it) => (
              <p key={it}>{it}</p>
            ))}
          </div>
        </div>
      )}
    </>
  );
}

function Erased() {
  const { t } = useTranslation();
  return (
    <>
      <h1 className="answer">{t('item.erased')}</h1>
      <p className="lead">{t('item.erasedText')}</p>
      <div className="acts">
        <Link className="btn main" to="/record">
          {t('item.toRecord')}
        </Link>
      </div>
    </>
  );
}

/** What did not hold is not shown; who served it is named. */
function NotBelieved({
  item,
  again,
}: {
  readonly item: Extract<OpenedItemView, { state: 'refused' }>;
  readonly again: () => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      <h1 className="answer">
        <Trans i18nKey="item.refused" components={{ bad: <span className="bad" /> }} />
      </h1>
      <div className="note bad sec" role="alert">
        <Icon name="refused" />
        <div>
          <p>{t('item.refusedText', { servedBy: item.servedBy })}</p>
          <p>{t('item.refusedHolds')}</p>
          <div className="way">
            <button type="button" className="btn line small" onClick={again}>
              <Icon name="again" />
              {t('parts.again')}
            </button>
            <Link className="btn line small" to="/record">
              {t('item.toRecord')}
            </Link>
          </div>
          <p className="xs dim">
            {item.code} · {item.servedBy} · {momentText(item.ms)}
          </p>
        </div>
      </div>
    </>
  );
}

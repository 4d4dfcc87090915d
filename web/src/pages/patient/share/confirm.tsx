import type { ReactNode } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { dayOf, momentText } from '../../../app/dates.ts';
import { useAct } from '../../../boundary/use-call.ts';
import { Failed } from '../../../parts/failure.tsx';
import { Icon, type IconName } from '../../../parts/icon.tsx';
import { NeedsNetwork } from '../../../parts/needs-network.tsx';
import { usePersonName } from '../../../parts/person-sign.tsx';
import type { ShareStart } from '../../../worker/calls/share.ts';
import { type BlankName, type DoneShare, lackOf, type ShareDraft, termsOf } from './draft.ts';
import { useShareWords } from './words.ts';

const blankOfLack = { who: 'who', what: 'what', past: 'until', far: 'until' } as const;

/** What begins, what will be seen, what can be undone and what nobody can, beside the button that does it. */
export function Confirm({
  draft,
  start,
  onOpen,
  onDone,
}: {
  readonly draft: ShareDraft;
  readonly start: ShareStart;
  readonly onOpen: (blank: BlankName) => void;
  readonly onDone: (done: DoneShare) => void;
}) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const give = useAct('share.give');
  const name = draft.who === undefined ? t('share.someone') : nameOf(draft.who.person);
  const lack = lackOf(draft, Date.now());
  const isChange = start.old !== undefined && start.old.state !== 'ended';
  const send = () =>
    give.mutate(termsOf(draft, start), { onSuccess: (given) => onDone({ given, draft }) });
  return (
    <section className="sec side1 sheet pad">
      <div className="sec-head">
        <h2>{isChange ? t('share.thenChange') : t('share.then')}</h2>
      </div>
      <ul className="what sm">
        <Lines draft={draft} start={start} name={name} />
      </ul>
      <NeedsNetwork />
      {give.error !== null && <Failed error={give.error} />}
      <div className="acts">
        <button
          type="button"
          className="btn main big fill"
          disabled={lack !== undefined || give.isPending}
          aria-describedby={lack === undefined ? undefined : 'share-lack'}
          onClick={send}
        >
          {give.isPending
            ? t('share.sending')
            : isChange
              ? t('share.changeWith', { name })
              : t('share.with', { name })}
        </button>
        <Link className="btn bare" to={isChange ? '/sharing' : '/home'}>
          {t('parts.notNow')}
        </Link>
      </div>
      {lack !== undefined && (
        <p id="share-lack" className="sm mt-s">
          {t(`share.lack.${lack}`)}{' '}
          <button
            type="button"
            className="btn bare small"
            onClick={() => onOpen(blankOfLack[lack])}
          >
            {t('share.choose')}
          </button>
        </p>
      )}
    </section>
  );
}

function Line({
  icon,
  isLimit = false,
  children,
}: {
  readonly icon: IconName;
  readonly isLimit?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <li className={isLimit ? 'no' : undefined}>
      <Icon name={icon} />
      <span>{children}</span>
    </li>
  );
}

function Lines({
  draft,
  start,
  name,
}: {
  readonly draft: ShareDraft;
  readonly start: ShareStart;
  readonly name: string;
}) {
  const { t } = useTranslation();
  const words = useShareWords();
  const hospital = draft.who?.person.hospital;
  const until = momentText(draft.untilMs);
  const live = start.old === undefined ? draft.who?.live : undefined;
  const reads = new Set(termsOf(draft, start).readClasses);
  const isChange = start.old !== undefined && start.old.state !== 'ended';
  const opens = {
    name: name.charAt(0).toLocaleUpperCase() + name.slice(1),
    hospital,
    what: words.what(draft),
    until,
  };
  return (
    <>
      <Line icon="check">
        {hospital === undefined ? (
          <Trans i18nKey="share.opens" values={opens} components={{ b: <b /> }} />
        ) : (
          <Trans i18nKey="share.opensCard" values={opens} components={{ b: <b /> }} />
        )}
      </Line>
      {isChange && (
        <Line icon="again">
          {t('share.inPlace', { day: dayOf(start.old?.untilMs ?? draft.untilMs) })}
        </Line>
      )}
      {live !== undefined && (
        <Line icon="info">{t('share.beside', { name, day: dayOf(live.untilMs) })}</Line>
      )}
      {draft.scope !== 'entries' && !draft.withPrivate && (
        <Line icon="lock">{t('share.leftOut', { count: start.privateCount })}</Line>
      )}
      {draft.withPrivate && draft.scope !== 'entries' && (
        <Line icon="attend" isLimit>
          {t('share.withPrivate')}
        </Line>
      )}
      {reads.has('genetic') &&
        (start.kinds.find((it) => it.recordClass === 'genetic')?.count ?? 0) > 0 && (
          <Line icon="gene">{t('share.genetic')}</Line>
        )}
      {draft.writes.length > 0 && (
        <Line icon="write">{t('share.adds', { name, what: words.writes(draft) })}</Line>
      )}
      <Line icon="look">{t('share.seen', { name })}</Line>
      <Line icon="refused">{t('share.undo', { name })}</Line>
      <Line icon="attend" isLimit>
        {t('sharing.stopLimit', { name })}
      </Line>
    </>
  );
}

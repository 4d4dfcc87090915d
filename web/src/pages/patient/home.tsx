import { Trans, useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { listed, momentText, timeLeft } from '../../app/dates.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { AskedPage } from '../../parts/asked-page.tsx';
import { Asks } from '../../parts/asks.tsx';
import { GrantRow } from '../../parts/grant-row.tsx';
import { Icon } from '../../parts/icon.tsx';
import { usePersonName } from '../../parts/person-sign.tsx';
import { ClassIcon, RecordRow } from '../../parts/record-row.tsx';
import { LastValueRow } from '../../parts/value.tsx';
import { webWings } from '../../wings/all.ts';
import type { HomeView, NewsView } from '../../worker/calls/home.ts';

/** Who can read, until when, and the odd thing: read without scrolling on a phone. */
export function Home() {
  const { t } = useTranslation();
  const home = useCall('home', undefined);
  return (
    <AskedPage asked={home} what={t('home.waiting')}>
      {({ view }) => <Known home={view} />}
    </AskedPage>
  );
}

function Known({ home }: { readonly home: HomeView }) {
  const { t } = useTranslation();
  return (
    <div className="split">
      <div>
        <HomeAnswer home={home} />
        <div className="acts two-up">
          <Link className="btn main fill" to="/share">
            <Icon name="share" />
            {t('home.share')}
          </Link>
          <Link className="btn line" to="/add">
            <Icon name="add" />
            {t('home.add')}
          </Link>
          <Link className="btn line" to="/code">
            <Icon name="code" />
            {t('home.code')}
          </Link>
        </div>
        <section className="sec">
          <div className="sec-head">
            <h2>{t('home.whoCan')}</h2>
            <Link to="/sharing">{t('home.ended')}</Link>
          </div>
          {home.live.length === 0 ? (
            <p className="dim">{t('home.nobodyText')}</p>
          ) : (
            <ul className="sheet rows">
              {home.live.map((it) => (
                <GrantRow key={it.consent} grant={it} />
              ))}
            </ul>
          )}
        </section>
        <Asks />
        <News news={home.news} />
      </div>
      <div>
        <section className="sec side1">
          <div className="sec-head">
            <h2>{t('home.lastValues')}</h2>
            <Link to="/record">{t('home.allValues')}</Link>
          </div>
          <ul className="list">
            {webWings.flatMap(({ name, patient }) =>
              patient === undefined
                ? []
                : [
                    <li key={name}>
                      <Link to={patient.path}>{t(patient.word)}</Link>
                    </li>,
                  ],
            )}
          </ul>
          {home.lastValues.length === 0 ? (
            <p className="dim sm">{t('home.noValues')}</p>
          ) : (
            <ul className="rows">
              {home.lastValues.map((it) => (
                <LastValueRow key={it.line.handle} last={it} />
              ))}
            </ul>
          )}
        </section>
        {home.isSheetUntried && <UntriedSheet />}
      </div>
    </div>
  );
}

/** Found useless after the phone is gone, it would be too late. */
function UntriedSheet() {
  const { t } = useTranslation();
  return (
    <div className="note warn sec">
      <Icon name="sheet" />
      <div>
        <p className="h">{t('home.sheetUntried')}</p>
        <p>{t('home.sheetText')}</p>
        <div className="way">
          <Link className="btn line small" to="/keys">
            {t('keys.tryNow')}
          </Link>
        </div>
      </div>
    </div>
  );
}

/** Up to two people by name, more by number; a refusal is the only red of the page's head. */
function HomeAnswer({ home }: { readonly home: HomeView }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const readers = [...new Map(home.live.map((it) => [it.person.account, it])).values()];
  const names = readers.map((it) => nameOf(it.person, it.calledName));
  const who = names.length > 2 ? t('home.people', { count: names.length }) : listed(names);
  const tries = home.refusals.reduce((sum, it) => sum + it.count, 0);
  const next = home.live[0];
  return (
    <>
      <Answer>
        {names.length === 0 ? (
          t('home.nobody')
        ) : (
          <Trans
            i18nKey="home.canRead"
            count={names.length}
            values={{ who }}
            components={{ em: <em /> }}
          />
        )}{' '}
        {home.withheld ? (
          <span className="bad">{t('home.withheld')}</span>
        ) : (
          tries > 0 && (
            <Trans
              i18nKey="home.refused"
              count={tries}
              components={{ bad: <span className="bad" /> }}
            />
          )
        )}
      </Answer>
      {next !== undefined && (
        <p className="lead">
          {t('home.endsIn', {
            who: nameOf(next.person, next.calledName),
            time: timeLeft(next.untilMs - Date.now()),
          })}
        </p>
      )}
      {home.isTakingBack && (
        <p className="lead" role="status">
          {t('home.takingBack')}
        </p>
      )}
    </>
  );
}

function News({ news }: { readonly news: readonly NewsView[] }) {
  const { t } = useTranslation();
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('home.news')}</h2>
        <Link to="/record">{t('home.whole')}</Link>
      </div>
      {news.length === 0 ? (
        <p className="dim">{t('home.noNews')}</p>
      ) : (
        <ul className="sheet rows">
          {news.map((it) =>
            it.kind === 'record' ? (
              <RecordRow key={it.line.handle} line={it.line} by={it.by} isNew />
            ) : (
              <RefusedRow key={`${it.person.account} ${it.ms}`} news={it} />
            ),
          )}
        </ul>
      )}
    </section>
  );
}

function RefusedRow({ news }: { readonly news: Extract<NewsView, { kind: 'refused' }> }) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  const known = news.person.name !== undefined;
  return (
    <li>
      <Link className="row rowx" to="/looked">
        <ClassIcon tone="bad" name="refused" />
        <span>
          <span className="t new">{t('home.tried', { who: nameOf(news.person) })}</span>
          <br />
          <span className="s">
            {t('home.triedWhen', { when: momentText(news.ms), count: news.count })}
          </span>
        </span>
        <span className="e">
          {!known && <span className="tag bad">{t('people.notKnown')}</span>}
        </span>
      </Link>
    </li>
  );
}

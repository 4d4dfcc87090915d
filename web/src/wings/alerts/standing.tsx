import { useTranslation } from 'react-i18next';
import { locale, momentText } from '../../app/dates.ts';
import type { OutputOf } from '../../boundary/messages.ts';
import { useCall } from '../../boundary/use-call.ts';
import { Answer } from '../../parts/answer.tsx';
import { type Answered, AskedPage } from '../../parts/asked-page.tsx';
import { NotNow } from '../../parts/not-now.tsx';
import { WayBack } from '../../parts/way-back.tsx';

/** While it is open it asks again by itself. */
const everyMs = 5_000;

type Asked = OutputOf<'alerts.standing'>;
type Standing = NonNullable<Asked['standing']>;

/** For an operator: how letters of this hospital go, what was tampered with, and in the demonstration the letters. */
export function StandingPage() {
  const { t } = useTranslation();
  const asked = useCall('alerts.standing', undefined, { everyMs });
  return (
    <AskedPage
      asked={asked}
      what={t('letters.waiting')}
      back={<WayBack to="/network">{t('nav.network')}</WayBack>}
    >
      {(answered) => <Known {...answered} />}
    </AskedPage>
  );
}

const states = [
  'accepted',
  'waiting',
  'handing',
  'doubt',
  'failed',
  'unwanted',
  'tampered',
] as const;

function Known({ view: { standing, askedMs }, error, again }: Answered<Asked>) {
  const { t } = useTranslation();
  const notNow =
    error === null ? undefined : <NotNow askedMs={askedMs} error={error} again={again} />;
  if (standing === undefined) {
    return (
      <>
        {notNow ?? <Answer>{t('letters.none')}</Answer>}
        <p className="lead">{t('letters.noneText')}</p>
      </>
    );
  }
  const number = new Intl.NumberFormat(locale());
  const count = (state: string) => standing.states[state] ?? 0;
  const waiting = count('waiting') + count('handing');
  const { relay, incidents, codes, letters } = standing;
  return (
    <>
      {notNow ?? (
        <Answer>{waiting === 0 ? t('letters.well') : t('letters.wait', { count: waiting })}</Answer>
      )}
      <p className="lead">
        {relay === undefined ? t('letters.noRelay') : t('letters.relay', { relay })}
      </p>
      <dl className="beat">
        {states.map((it) => (
          <div key={it}>
            <dt>{t(`letters.states.${it}`)}</dt>
            <dd>{number.format(count(it))}</dd>
          </div>
        ))}
      </dl>
      {Object.keys(codes).length > 0 && (
        <section className="sec">
          <div className="sec-head">
            <h2>{t('letters.codes')}</h2>
          </div>
          <ul className="list sm">
            {Object.entries(codes).map(([code, n]) => (
              <li key={code}>
                {t(`refusals.${code}.what` as 'refusals.RELAY_LATER.what')}{' '}
                <span className="dim">{number.format(n)}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Incidents incidents={incidents} />
      {letters !== undefined && <Letters letters={letters} />}
    </>
  );
}

function Incidents({ incidents }: Pick<Standing, 'incidents'>) {
  const { t } = useTranslation();
  if (incidents.length === 0) return null;
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('letters.incidents')}</h2>
      </div>
      <ul className="list sm">
        {incidents.map(({ code, place, metMs }) => (
          <li key={`${code} ${place}`}>
            {t(`refusals.${code}.what` as 'refusals.OUTBOX_TAMPERED.what')}
            <br />
            <span className="dim">
              {momentText(metMs)} · <bdi dir="ltr">{`${code} ${place}`}</bdi>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Letters({ letters }: { readonly letters: NonNullable<Standing['letters']> }) {
  const { t } = useTranslation();
  return (
    <section className="sec" aria-labelledby="letters">
      <div className="sec-head">
        <h2 id="letters">{t('letters.title')}</h2>
      </div>
      <p className="sm dim">{t('letters.titleText')}</p>
      {letters.length === 0 ? (
        <p className="dim sm mt-s">{t('letters.empty')}</p>
      ) : (
        <ul className="rows">
          {letters.map((it) => (
            <li key={`${it.takenMs} ${it.to} ${it.subject}`} className="sheet pad mt-s">
              <p className="sm dim">
                <bdi dir="ltr">{it.to}</bdi> · {momentText(it.takenMs)}
              </p>
              <div lang={it.language} dir="auto">
                <h3>{it.subject}</h3>
                {it.body
                  .split('\n\n')
                  .filter((part) => part.trim() !== '')
                  .map((part) => (
                    <p key={part} className="sm mt-s" style={{ whiteSpace: 'pre-line' }}>
                      {part.trim()}
                    </p>
                  ))}
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

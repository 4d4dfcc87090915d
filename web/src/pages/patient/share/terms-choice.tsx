import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { type ChoiceProps, endOfDay } from './draft.ts';

const purposes = ['TREAT', 'ETREAT', 'FAMRQT', 'HPAYMT', 'HRESCH', 'PATRQT', 'HOPERAT'] as const;

/** What for: at least one purpose. */
export function WhyChoice({ draft, onChange }: ChoiceProps) {
  const { t } = useTranslation();
  const toggle = (purpose: string, isOn: boolean) => {
    const next = purposes.filter((it) => (it === purpose ? isOn : draft.purposes.includes(it)));
    if (next.length > 0) onChange({ purposes: next });
  };
  return (
    <section className="sheet pad mt" aria-label={t('share.whyTitle')}>
      <div className="sec-head">
        <h2>{t('share.whyTitle')}</h2>
      </div>
      <ul className="checks">
        {purposes.map((it) => (
          <li key={it}>
            <label>
              <input
                type="checkbox"
                checked={draft.purposes.includes(it)}
                onChange={(event) => toggle(it, event.target.checked)}
              />
              <span className="cap">{t(`purposes.${it}`)}</span>
            </label>
          </li>
        ))}
      </ul>
      <p className="hint mt-s">{t('share.whyHint')}</p>
    </section>
  );
}

const spans = {
  today: {},
  threeDays: { days: 3 },
  week: { days: 7 },
  month: { months: 1 },
  threeMonths: { months: 3 },
  year: { months: 12 },
} as const;
type Span = keyof typeof spans;

/** `2026-12-05` in this device's calendar, as a date field has it. */
function dateText(ms: number): string {
  const day = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** Until when: usual spans, or a day. */
export function UntilChoice({ draft, onChange }: ChoiceProps) {
  const { t } = useTranslation();
  const id = useId();
  const now = new Date();
  return (
    <section className="sheet pad mt" aria-label={t('share.untilTitle')}>
      <div className="sec-head">
        <h2>{t('share.untilTitle')}</h2>
      </div>
      <fieldset>
        <legend className="hide">{t('share.quick')}</legend>
        <div className="chips">
          {(Object.keys(spans) as Span[]).map((it) => (
            <label key={it} className="chip">
              <input
                type="radio"
                name="until"
                checked={draft.untilMs === endOfDay(now, spans[it])}
                onChange={() => onChange({ untilMs: endOfDay(now, spans[it]) })}
              />
              {t(`share.span.${it}`)}
            </label>
          ))}
        </div>
      </fieldset>
      <div className="field">
        <label htmlFor={id}>{t('share.day')}</label>
        <input
          id={id}
          type="date"
          className="in-text"
          min={dateText(now.getTime())}
          value={dateText(draft.untilMs)}
          onChange={({ target }) => {
            const [year, month, day] = target.value.split('-').map(Number);
            // An empty field, or half a date, changes nothing.
            if (year === undefined || month === undefined || day === undefined) return;
            onChange({ untilMs: endOfDay(new Date(year, month - 1, day)) });
          }}
        />
      </div>
      <p className="hint mt-s">{t('share.dayHint')}</p>
    </section>
  );
}

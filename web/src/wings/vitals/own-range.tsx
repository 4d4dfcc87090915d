import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import type { CurveView } from './calls.ts';

type Bounds = Pick<CurveView, 'low' | 'high'>;

/** Nothing in the field: no limit on that side. */
const boundOf = (text: string): number | null => (text.trim() === '' ? null : Number(text));
const textOf = (bound: number | undefined): string => bound?.toString() ?? '';

/** A person's own range of one vital sign, in place of the usual one; it stays in her wallet. */
export function OwnRange({ curve }: { readonly curve: CurveView }) {
  const { t } = useTranslation();
  const { vital, unit, isOwnRange } = curve;
  const change = useAct('vitals.limits');
  const [draft, setDraft] = useState<{ readonly low: string; readonly high: string }>();
  const held: Bounds = curve;
  const shown = draft ?? { low: textOf(held.low), high: textOf(held.high) };
  const done = { onSuccess: () => setDraft(undefined) };
  return (
    <details className="mt-s no-print">
      <summary className="sm">{t('vitals.own.title')}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const bounds = { low: boundOf(shown.low), high: boundOf(shown.high) };
          change.mutate({ vital, bounds }, done);
        }}
      >
        <div className="asking">
          {(['low', 'high'] as const).map((side) => (
            <div key={side} className="field">
              <label htmlFor={`${vital}-${side}`}>
                {t(`vitals.own.${side}`)}{' '}
                <bdi dir="ltr" className="dim">
                  {unit}
                </bdi>
              </label>
              <input
                id={`${vital}-${side}`}
                className="in-text"
                type="number"
                step="any"
                value={shown[side]}
                onChange={(event) => setDraft({ ...shown, [side]: event.target.value })}
              />
            </div>
          ))}
        </div>
        <p className="hint mt-s">{t('vitals.own.hint')}</p>
        {change.error !== null && <Failed error={change.error} />}
        <div className="acts">
          <button type="submit" className="btn line small" disabled={change.isPending}>
            {t('vitals.own.keep')}
          </button>
          {isOwnRange && (
            <button
              type="button"
              className="btn quiet small"
              disabled={change.isPending}
              onClick={() => change.mutate({ vital, bounds: undefined }, done)}
            >
              {t('vitals.own.usual')}
            </button>
          )}
        </div>
      </form>
    </details>
  );
}

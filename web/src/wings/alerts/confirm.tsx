import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { momentText } from '../../app/dates.ts';
import { useAct } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { NeedsNetwork } from '../../parts/needs-network.tsx';
import type { AlertsView } from './calls.ts';

interface ConfirmProps extends Pick<AlertsView, 'codesFromMs'> {
  /** The address was set, and so often was asked in a minute that no letter was asked for with it. */
  readonly isUnasked: boolean;
}

/** The code of the letter to a mail address: before it is typed here nothing else goes there. */
export function Confirm({ codesFromMs, isUnasked }: ConfirmProps) {
  const { t } = useTranslation();
  const act = useAct('alerts.confirm');
  const again = useAct('alerts.try');
  const [code, setCode] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    act.mutate({ code });
  };
  return (
    <form className="mt-s" onSubmit={submit}>
      <p className="sm">
        {codesFromMs !== undefined
          ? t('alerts.confirm.later', { time: momentText(codesFromMs) })
          : t(isUnasked && !again.isSuccess ? 'alerts.confirm.unasked' : 'alerts.confirm.what')}
      </p>
      <div className="field">
        <label htmlFor="alert-code">{t('alerts.confirm.code')}</label>
        <input
          id="alert-code"
          className="in-text"
          dir="ltr"
          required
          autoComplete="one-time-code"
          autoCapitalize="characters"
          spellCheck={false}
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      </div>
      {act.error !== null && <Failed error={act.error} />}
      {again.error !== null && <Failed error={again.error} />}
      {again.data?.ways.includes('mail') === true && (
        <p className="sm dim mt-s" role="status">
          {t('alerts.confirm.sent')}
        </p>
      )}
      <NeedsNetwork />
      <div className="acts mt-s">
        <button type="submit" className="btn main small" disabled={act.isPending}>
          {t(act.isPending ? 'alerts.keeping' : 'alerts.confirm.do')}
        </button>
        <button
          type="button"
          className="btn quiet small"
          disabled={again.isPending || codesFromMs !== undefined}
          onClick={() => again.mutate(undefined)}
        >
          {t('alerts.confirm.again')}
        </button>
      </div>
    </form>
  );
}

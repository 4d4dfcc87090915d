import { useTranslation } from 'react-i18next';
import { useAct } from '../boundary/use-call.ts';
import type { HospitalView } from '../worker/session.ts';

/** Whoever has accounts at several hospitals is told at which of them what is shown lies: shares and looks are of that one. */
export function HospitalBar({ hospitals }: { readonly hospitals: readonly HospitalView[] }) {
  const { t } = useTranslation();
  const show = useAct('hospital.show');
  if (hospitals.length < 2) return null;
  return (
    <aside className="hospbar no-print" aria-label={t('moving.hospitals')}>
      <span>
        {t('moving.shown', { hospital: hospitals.find((it) => it.isShown)?.title ?? '' })}
      </span>
      {hospitals
        .filter((it) => !it.isShown)
        .map((it) => (
          <button
            key={it.account}
            type="button"
            className="btn bare small"
            disabled={show.isPending}
            onClick={() => show.mutate({ account: it.account })}
          >
            {t('moving.show', { hospital: it.title })}
          </button>
        ))}
    </aside>
  );
}

import { useTranslation } from 'react-i18next';
import { Icon } from '../../../parts/icon.tsx';
import { Progress } from '../../../parts/progress.tsx';

const steps = ['enrolling', 'moving', 'history', 'checking'] as const;

/** How far a move is, by its steps; what was confirmed stays when it is stopped. */
export function Steps({
  now,
  done,
  total,
  onCancel,
}: {
  /** A phase of the work; one that is unknown is the moving itself. */
  readonly now: string;
  readonly done: number;
  readonly total: number;
  readonly onCancel: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const at = Math.max((steps as readonly string[]).indexOf(now), 0);
  const words = t('moving.progress', { done, total });
  return (
    <section className="sec">
      <ol className="what">
        {steps.map((it, i) => (
          <li key={it} aria-current={i === at ? 'step' : undefined}>
            <Icon name={i < at ? 'check' : i === at ? 'forward' : 'clock'} flip={i === at} />
            <span className={i === at ? 'b' : 'dim'}>{t(`moving.step.${it}`)}</span>
          </li>
        ))}
      </ol>
      <div className="mt">
        <Progress done={done} total={total} words={total > 0 ? words : t('moving.working')} />
      </div>
      <p className="sm dim mt-s n" role="status">
        {total > 0 ? words : t('moving.working')}
      </p>
      {onCancel !== undefined && (
        <>
          <p className="hint mt-s">{t('moving.tab')}</p>
          <div className="acts">
            <button type="button" className="btn line" onClick={onCancel}>
              {t('moving.stop')}
            </button>
          </div>
        </>
      )}
    </section>
  );
}

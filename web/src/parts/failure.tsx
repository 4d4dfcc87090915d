import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { momentText } from '../app/dates.ts';
import { CallError } from '../boundary/link.ts';
import { Icon } from './icon.tsx';

interface FailureProps {
  readonly error: unknown;
  /** The first way on; without one the sentence says what to do. */
  readonly again?: (() => void) | undefined;
  readonly children?: ReactNode;
}

/**
 * What happened, what still holds, the way on; code, who was asked and when, small. Beside the thing that failed, and it
 * stays until the next try.
 */
export function Failed({ error, again, children }: FailureProps) {
  const { t } = useTranslation();
  const code = error instanceof CallError ? error.code : 'INTERNAL';
  const details = error instanceof CallError ? error.details : {};
  const key = `refusals.${code}` as 'refusals.INTERNAL';
  const who = typeof details.servedBy === 'string' ? details.servedBy : undefined;
  if (code === 'INTERRUPTED') return null;
  return (
    <div className="note warn" role="alert">
      <Icon name="attend" />
      <div>
        <p className="h">{t(`${key}.what` as 'refusals.INTERNAL.what', { ...details })}</p>
        <p>{t(`${key}.way` as 'refusals.INTERNAL.way', { ...details })}</p>
        <div className="way">
          {again !== undefined && (
            <button type="button" className="btn line small" onClick={again}>
              <Icon name="again" />
              {t('parts.again')}
            </button>
          )}
          {children}
        </div>
        <p className="xs dim">
          {[code, who, momentText(Date.now())].filter((it) => it !== undefined).join(' · ')}
        </p>
      </div>
    </div>
  );
}

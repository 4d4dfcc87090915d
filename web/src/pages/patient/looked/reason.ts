import { useTranslation } from 'react-i18next';
import { dayOf, shortDayOf } from '../../../app/dates.ts';
import { comma, inLine } from '../../../app/language.ts';
import type { LookView } from '../../../worker/calls/looked.ts';

/** Refusals that say more than "refused" to the one whose record it is. */
const told = new Set([
  'NOT_SHARED',
  'CONSENT_NOT_LIVE',
  'CLASS_NOT_GRANTED',
  'PURPOSE_NOT_GRANTED',
  'RECORD_NOT_GRANTED',
  'RECORD_UNKNOWN',
  'GRANT_BODY_WRONG',
  'REQUEST_STALE',
  'REQUEST_REPLAYED',
  'LEDGER_STALLED',
]);

/** Why it was allowed, by which share; or why it was refused. */
export function useReason(): (look: LookView) => string {
  const { t } = useTranslation();
  return (look) => {
    if (look.kind === 'erased') return t('looked.erasedText');
    const { share } = look;
    if (look.kind === 'look') {
      const purpose = t(`purposes.${look.purpose}` as 'purposes.TREAT');
      if (share === undefined) return t('looked.allowedUnlisted', { purpose });
      return share.state === 'ended'
        ? t('looked.allowedEnded', { purpose, day: shortDayOf(share.endedMs ?? share.untilMs) })
        : t('looked.allowed', { purpose, day: shortDayOf(share.untilMs) });
    }
    if (look.code === '') return t('looked.refusedMore', { count: look.count });
    if (look.code === 'CONSENT_ENDED') {
      if (share?.endedMs === undefined) return t('looked.reason.ended');
      const day = dayOf(share.endedMs);
      return share.endedMs < share.untilMs
        ? t('looked.reason.stopped', { day })
        : t('looked.reason.over', { day });
    }
    return told.has(look.code)
      ? t(`looked.reason.${look.code}` as 'looked.reason.NOT_SHARED')
      : t('looked.reason.other');
  };
}

/** `14 lab results, 2 medicines`, or the names of few. */
export function useWhat(): (look: Extract<LookView, { readonly kind: 'look' }>) => string {
  const { t } = useTranslation();
  return ({ names, kinds, count }) => {
    if (count === 0) return t('looked.nothing');
    if (names.length > 0 && names.length === count) return inLine(names);
    return kinds
      .map((it) =>
        t('looked.kind', {
          count: it.count,
          kind:
            it.recordClass === 'gone'
              ? t('looked.gone')
              : t(`classes.${it.recordClass}` as 'classes.lab').toLocaleLowerCase(),
        }),
      )
      .join(comma());
  };
}

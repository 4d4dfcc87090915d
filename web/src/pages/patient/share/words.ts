import { useTranslation } from 'react-i18next';
import { listed } from '../../../app/dates.ts';
import { saidKinds } from '../../../parts/kinds.ts';
import type { ShareDraft } from './draft.ts';

/** The words of the blanks. */
export function useShareWords() {
  const { t } = useTranslation();
  const kindWord = (recordClass: string): string =>
    t(`classes.${recordClass}` as 'classes.lab').toLocaleLowerCase();
  return {
    kindWord,
    what: (draft: ShareDraft): string => {
      if (draft.scope === 'everything') return t('sharing.everything');
      if (draft.scope === 'entries') {
        const [only, ...others] = draft.entries;
        if (only === undefined) return t('share.nothing');
        return others.length === 0 && only.name !== ''
          ? only.name
          : t('sharing.onlyRecords', { count: draft.entries.length });
      }
      const kinds = saidKinds([...draft.kinds, ...(draft.withPrivate ? ['private'] : [])]);
      if (kinds.length === 0) return t('share.nothing');
      return kinds.length > 2
        ? t('share.kinds', { count: kinds.length })
        : listed(kinds.map(kindWord));
    },
    purposes: (draft: ShareDraft): string =>
      listed(draft.purposes.map((it) => t(`purposes.${it}` as 'purposes.TREAT'))),
    writes: (draft: ShareDraft): string => listed(draft.writes.map(kindWord)),
  };
}

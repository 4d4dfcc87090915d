import { useTranslation } from 'react-i18next';

const marks = [
  ...(['entered-in-error', 'refuted', 'withdrawn', 'not-done', 'not-taken'] as const),
  ...(['do-not-perform', 'modified', 'absent', 'restricted'] as const),
];

/** What turns an entry's meaning, as words beside its name, the gravest first. */
export function Marks({ of }: { readonly of: readonly string[] }) {
  const { t } = useTranslation();
  return marks
    .filter((it) => of.includes(it))
    .map((it) => (
      <span key={it} className={it === 'restricted' ? 'tag' : 'tag bad'}>
        {t(`chart.marks.${it}`)}
      </span>
    ));
}

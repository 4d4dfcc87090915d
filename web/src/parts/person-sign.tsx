import { useTranslation } from 'react-i18next';
import { inLine } from '../app/language.ts';
import type { PersonView } from '../worker/people.ts';

/** Two letters, of the first and the last word; titles left out. */
export function initialsShown(name: string): string {
  const words = name.split(/\s+/u).filter((it) => !/^(dr|prof|mr|ms|mrs)\.?$/iu.test(it));
  const picked = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return picked
    .map((it) => Array.from(it ?? '')[0] ?? '')
    .join('')
    .toUpperCase();
}

/** Two letters in a circle; dashed where no card says who it is. */
export function PersonSign({ person }: { readonly person: PersonView }) {
  const known = person.name !== undefined;
  return (
    <span className={known ? 'mono-g' : 'mono-g none'} aria-hidden="true">
      {known ? person.initials : '?'}
    </span>
  );
}

/** The name of a card; else where the person is of, never a guess. */
export function usePersonName(): (person: PersonView, called?: string) => string {
  const { t } = useTranslation();
  return (person, called) => person.name ?? called ?? t('people.unknown');
}

/** `Clinician, North Hospital`. */
export function PersonLine({ person }: { readonly person: PersonView }) {
  const { t } = useTranslation();
  const role = t(`roles.${person.role ?? 'unknown'}` as 'roles.unknown');
  return person.hospital === undefined ? role : inLine([role, person.hospital]);
}

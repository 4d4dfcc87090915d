import type { IconName } from '../parts/icon.tsx';

/** One of the few that a role goes to by one touch, from wherever it is. */
export interface Place {
  readonly path: string;
  /** Key in `words.nav`. */
  readonly word:
    | 'home'
    | 'record'
    | 'sharing'
    | 'looked'
    | 'keys'
    | 'patients'
    | 'drafts'
    | 'check'
    | 'enrol'
    | 'people'
    | 'network'
    | 'explorer'
    | 'questions';
  readonly icon: IconName;
  /** Where somebody is who went on from there: it stays marked. */
  readonly leadsTo?: readonly string[];
}

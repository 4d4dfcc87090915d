/** Whose screen it is: who has no wallet open is asked to open it, at the same address. */
export interface PageHandle {
  /** The key of its title in `words`: the name of the place, never of a person. */
  readonly title: string;
  /** `anybody`: it needs no wallet. */
  readonly who: 'anybody' | 'wallet' | 'desk';
  /** No bar, no navigation: it is the whole screen. */
  readonly isAlone?: boolean;
}

import type { IncidentFacts } from '../api/incident-facts.ts';
import type { AccountId } from '../primitives/ids.ts';

/**
 * What happened to somebody of this hospital beside what the acts of the ledger say, for whoever tells people of it.
 * `subject` names which one: the same again is the same cause.
 */
export type CauseMet = { readonly account: AccountId; readonly subject: string } & (
  | { readonly kind: 'emergency' | 'sign-in-refused' | 'silent-device' }
  | { readonly kind: 'incident'; readonly facts: IncidentFacts }
);

/**
 * Where any part of a gateway says that something happened. Who listens writes it down at once, so that inside the
 * transaction of what caused it neither is without the other. Nobody listens where no wing tells people of things.
 */
export class Causes {
  readonly #listeners: ((met: CauseMet) => void)[] = [];

  /** Throws what a listener throws: then the transaction around it does not stand either. */
  tell(met: CauseMet): void {
    for (const told of this.#listeners) told(met);
  }

  onCause(told: (met: CauseMet) => void): void {
    this.#listeners.push(told);
  }
}

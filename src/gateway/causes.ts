import type { AccountId } from '../primitives/ids.ts';

/** What was met of one incident at one server: facts of machines, nothing of a patient. */
export interface IncidentFacts {
  /** A word for the server or store, such as `harbour`. */
  readonly server: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly done: 'quarantined' | 'rebuilt' | 'refused' | 'reported';
  /** The IP address that the write attempt came from, as the machine told; empty: it told none. */
  readonly source: string;
  /** As the local neighbour table has it for `source`: a claim of whoever sent it. Empty: not there. */
  readonly claimedMac: string;
}

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

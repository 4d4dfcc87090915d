import type { Role } from '../../src/ledger/roles.ts';

/** A rule's no in the model; the code is compared with the ledger's. */
export class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** What a wing's model knows of an act besides its fields. */
export interface ModelContext {
  readonly sender: string;
  readonly height: number;
  readonly timeMs: number;
  /** Whether everything holds that is checked outside the rules. */
  readonly holds: boolean;
}

/** What a wing brings to the slow ledger and to the histories that both are compared on. */
export interface TestWing {
  readonly name: string;
  readonly acts: readonly ModelAct[];
  /** The wing's tables: as many rows in the ledger as the model has under `name/`. */
  readonly tables: readonly string[];
}

/** One act of a wing, once more, slow and obvious: no shared rule. */
export interface ModelAct {
  readonly kind: string;
  readonly number: number;
  readonly senders: readonly Role[];
  /** An act out of small numbers, so that most are valid or nearly so. */
  draw(step: { readonly small: number; readonly twist: number }): { readonly kind: string };
  /** `rows` by `table/id`. Throws Refused. */
  judge(rows: Map<string, string>, act: object, context: ModelContext): void;
}

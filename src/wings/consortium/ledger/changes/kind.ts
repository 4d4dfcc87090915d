import type { Facts } from '../../../../ledger/act.ts';
import type { ActContext, Outcome } from '../../../../ledger/outcome.ts';
import type { Requirement } from '../../../../ledger/requirement.ts';
import type { LedgerView } from '../../../../ledger/table.ts';
import type { Fields, StructOf } from '../../../../primitives/shape.ts';

/** One kind of thing that members decide: it travels as `[number, ...fields]`. */
export interface ChangeKind<Name extends string, F extends Fields> {
  readonly kind: Name;
  /** Append-only. */
  readonly number: number;
  readonly fields: F;
  /** What must hold outside the rules, whatever the state. */
  requires?(change: StructOf<F>, chainId: string): readonly Requirement[];
  /** What the change writes when it is made in this block, or why it cannot be made. */
  decide(view: LedgerView, change: StructOf<F>, context: ActContext): Outcome;
  facts(change: StructOf<F>): Facts;
}

/** A change that is decided at a height is in force so many heights later: validators are so by the engine. */
export const effectAfter = 2;

export function defineChange<const Name extends string, F extends Fields>(
  kind: ChangeKind<Name, F>,
): ChangeKind<Name, F> {
  return kind;
}

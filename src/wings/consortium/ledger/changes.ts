import type { Facts } from '../../../ledger/act.ts';
import type { ActContext, Outcome } from '../../../ledger/outcome.ts';
import type { Requirement } from '../../../ledger/requirement.ts';
import type { LedgerView } from '../../../ledger/table.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { choice, type Fields, type Of } from '../../../primitives/shape.ts';
import type { ChangeKind } from './changes/kind.ts';
import { memberChange } from './changes/member-change.ts';
import { memberIn } from './changes/member-in.ts';
import { memberKeys } from './changes/member-keys.ts';
import { memberOut } from './changes/member-out.ts';
import { profile } from './changes/profile.ts';
import { validatorIn } from './changes/validator-in.ts';
import { validatorOut } from './changes/validator-out.ts';

/** What members decide, one of several kinds: `[number, ...fields]`. Source: docs/protocol/governance.md. */
export const change = choice({
  [validatorIn.kind]: [validatorIn.number, validatorIn.fields],
  [validatorOut.kind]: [validatorOut.number, validatorOut.fields],
  [memberIn.kind]: [memberIn.number, memberIn.fields],
  [memberOut.kind]: [memberOut.number, memberOut.fields],
  [memberChange.kind]: [memberChange.number, memberChange.fields],
  [profile.kind]: [profile.number, profile.fields],
  [memberKeys.kind]: [memberKeys.number, memberKeys.fields],
});
export type Change = Of<typeof change>;

/** Every kind, by rising number. */
export const changeKinds: readonly ChangeKind<Change['kind'], Fields>[] = [
  validatorIn,
  validatorOut,
  memberIn,
  memberOut,
  memberChange,
  profile,
  memberKeys,
];

function kindOf({ kind }: Change): ChangeKind<Change['kind'], Fields> {
  const found = changeKinds.find((it) => it.kind === kind);
  if (found === undefined) throw new CodedError('INTERNAL', { kind });
  return found;
}

/** What must hold of a change outside the rules. */
export function changeRequirements(made: Change, chainId: string): readonly Requirement[] {
  return kindOf(made).requires?.(made, chainId) ?? [];
}

/** What a change writes when it is made in this block, or why it cannot be (GV-8). */
export function decideChange(view: LedgerView, made: Change, context: ActContext): Outcome {
  return kindOf(made).decide(view, made, context);
}

/** For receipts, explorers and whoever is asked to vote. */
export function changeFacts(made: Change): Facts {
  return { change: made.kind, ...kindOf(made).facts(made) };
}

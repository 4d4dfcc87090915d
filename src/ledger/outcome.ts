import type { AccountId } from '../primitives/ids.ts';
import type { Charter } from './charter.ts';
import type { RefusalCode } from './refusals.ts';
import type { OrganisationRight } from './rights.ts';
import type { LogName } from './shapes.ts';
import type { LedgerView, Write } from './table.ts';
import { organisations, rightsAt } from './tables/organisations.ts';

export interface Block {
  readonly height: number;
  /** The only clock the rules know. */
  readonly timeMs: number;
}

/** What is known about an act besides its fields. */
export interface ActContext {
  readonly block: Block;
  readonly charter: Charter;
  readonly log: LogName;
  readonly sender: AccountId;
  /**
   * Who spoke: the key in use by the account; its recovery key, for a rotation; a grant's write key; or, to stop a
   * RecoveryChange, a key that was in use or the recovery key.
   */
  readonly authority: 'account' | 'recovery' | 'write-key' | 'former';
  /** Whether everything holds that the act requires to be checked outside the rules. */
  readonly isProven: boolean;
}

export type Outcome =
  | { readonly ok: true; readonly writes: readonly Write[]; readonly data: Uint8Array }
  | { readonly ok: false; readonly code: RefusalCode };

const noData = new Uint8Array(0);

/**
 * The rule says yes: what changes, and what the result answers (AccessLog alone answers anything).
 */
export function accept(writes: readonly Write[], data: Uint8Array = noData): Outcome {
  return { ok: true, writes, data };
}

/** The rule says no; nothing changes. */
export function refuse(code: RefusalCode): Outcome {
  return { ok: false, code };
}

/** Whether an account is an organisation that has this right at a height; no row is no. */
export function holdsRight(
  view: LedgerView,
  sender: AccountId,
  right: OrganisationRight,
  height: number,
): boolean {
  const row = view.get(organisations, sender);
  return row !== undefined && rightsAt(row, height).includes(right);
}

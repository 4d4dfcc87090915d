import type { AccountId } from '../../primitives/ids.ts';
import type { LogName } from '../acts.ts';
import type { OrganisationRight } from '../genesis.ts';
import type { RefusalCode } from '../refusals.ts';
import type { TableName, Tables } from '../state.ts';

/** The state as a rule sees it: committed rows under the writes of earlier acts. */
export interface LedgerView {
  get<Name extends TableName>(table: Name, id: string): Tables[Name] | undefined;
}

export interface Block {
  readonly height: number;
  /** The only clock the rules know. */
  readonly timeMs: number;
}

/** What is known about an act besides its fields. */
export interface ActContext {
  readonly block: Block;
  readonly log: LogName;
  readonly sender: AccountId;
  /** Who spoke: the account's key, its recovery key, or a grant's write key. */
  readonly authority: 'account' | 'recovery' | 'write-key';
  /** Keys that signed the transaction. */
  readonly signers: readonly Uint8Array[];
  /** Whether the identity that the act carries is signed and proven. */
  readonly identityHolds: boolean;
}

export type Write = {
  readonly [Name in TableName]: {
    readonly table: Name;
    readonly id: string;
    readonly row: Tables[Name];
  };
}[TableName];

export type Outcome =
  | { readonly ok: true; readonly writes: readonly Write[]; readonly data: Uint8Array }
  | { readonly ok: false; readonly code: RefusalCode };

const noData = new Uint8Array(0);

export function accept(writes: readonly Write[], data: Uint8Array = noData): Outcome {
  return { ok: true, writes, data };
}

export function refuse(code: RefusalCode): Outcome {
  return { ok: false, code };
}

export function holdsRight(view: LedgerView, sender: AccountId, right: OrganisationRight): boolean {
  return view.get('organisations', sender)?.rights.includes(right) ?? false;
}

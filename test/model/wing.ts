import type { Identity } from '../../src/ledger/identity.ts';
import type { Role } from '../../src/ledger/roles.ts';
import type { LogName } from '../../src/ledger/shapes.ts';
import type { LedgerView } from '../../src/ledger/table.ts';
import type { Format } from '../vectors/formats/write.ts';

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
  readonly chainId: string;
  /** What the spine's model knows besides: read and changed in place. */
  readonly spine: ModelSpine;
}

/**
 * Who are the members, and what they may: `until` 0 is for good; the last step that has begun counts. Who orders blocks:
 * keys in hex, those that were punished apart; `isAlone`: one machine did from the beginning.
 */
export interface ModelMembers {
  validators: { key: string; id: string }[];
  punished: string[];
  readonly isAlone: boolean;
  members: { id: string; from: number; until: number }[];
  named: Map<
    string,
    { name: string; url: string; rights: { from: number; rights: readonly string[] }[] }
  >;
}

/** The slow ledger as a wing's model may use it. */
export interface ModelSpine {
  readonly consortium: ModelMembers;
  account(
    id: string,
  ): { readonly role: Role; readonly frozen: boolean; readonly organisation: string } | undefined;
  /** The signing key in use, hex; '': no such account. */
  keyOf(id: string): string;
  /** How many keys it has had; and whether its row knows this one. */
  generationOf(id: string): number;
  knowsKey(id: string, signKey: Uint8Array): boolean;
  begin(id: string, identity: Identity, height: number): void;
  rekey(
    id: string,
    identity: Identity,
    at: { readonly height: number; readonly timeMs: number },
  ): void;
  takes(log: LogName, height: number): readonly number[];
  readonly profiles: { log: LogName; acts: readonly number[]; version: number; from: number }[];
}

/** What a wing brings to the slow ledger and to the histories that both are compared on. */
export interface TestWing {
  readonly name: string;
  readonly acts: readonly ModelAct[];
  /** Whom the histories need besides, by name: accounts of the wing's roles. */
  readonly people?: Readonly<Record<string, Role>>;
  /** The wing's tables: as many rows in the ledger as the model has under `name/`. */
  readonly tables: readonly string[];
  /** By table of the wing: the row at the limits of the rules that write it. */
  readonly largestRows?: Readonly<Record<string, unknown>>;
  /** Known answers of the wing's formats, by the name of their file in test/vectors/own. */
  vectors?(): Promise<Readonly<Record<string, Format>>>;
  /** Throws where rows of the wing say something else than the model's. */
  assertSame?(rows: ReadonlyMap<string, string>, view: LedgerView): void;
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

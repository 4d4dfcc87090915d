import type { Cbor } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import type { AccountId, ConsentId } from '../primitives/ids.ts';
import type { Fields, StructOf } from '../primitives/shape.ts';
import type { ActContext, Outcome } from './outcome.ts';
import type { RefusalCode } from './refusals.ts';
import type { Requirement } from './requirement.ts';
import type { Role } from './roles.ts';
import type { LogName } from './shapes.ts';
import type { LedgerView } from './table.ts';

/** Plain facts for people and machines. */
export type Facts = Readonly<Record<string, string | number | readonly string[]>>;

/** Whom and what an act is about, as it stands on the ledger in clear. */
export interface About {
  readonly account?: AccountId;
  readonly consent?: ConsentId;
}

/** What an act commits to: a receipt can show what stands behind it (docs/protocol/receipts.md, rule R-9). */
export type Commitment =
  | { readonly kind: 'entries'; readonly hashes: readonly Uint8Array[] }
  | { readonly kind: 'root'; readonly root: Uint8Array; readonly count: number };

/** For what and by whom the act was sent; a part of the transaction's body. */
export interface Sent {
  readonly chainId: string;
  readonly sender: AccountId;
}

/** What an act's own rule says; it answers, it does not throw, write or look at a clock. */
export type Rule<Act> = (view: LedgerView, act: Act, context: ActContext) => Outcome;

/**
 * Everything that anybody must know about one act: what it says, who may send it, its rule, and what to tell
 * of it. It travels as `[number, ...fields]`. Source: docs/protocol/acts.md.
 */
export interface ActDeclaration<Kind extends string, F extends Fields> {
  readonly kind: Kind;
  /** Append-only; ranges in docs/adr/0011-numbers.md. */
  readonly number: number;
  /** The fields in the order in which they travel. */
  readonly fields: F;
  /** Which log takes it, in ledgers that are founded now. */
  readonly log: LogName;
  /** Accounts of which roles may send it; everything else is ROLE_WRONG (docs/protocol/roles.md). */
  readonly senders: readonly Role[] | 'everybody';
  /** A frozen account's own key may send it still: a patient must always be able to take back. */
  readonly whileFrozen?: true;
  /** It takes something back: whoever hands it in is not refused for what others have used up. */
  readonly takesBack?: true;
  /** The grant whose write key may send it; '': this one only the account's own key. */
  underWriteKey?(act: ActWith<Kind, F>): ConsentId | '';
  /** What must be checked outside the rules, and with which code the door refuses what does not hold. */
  readonly outside?: {
    requires(act: ActWith<Kind, F>, sent: Sent): readonly Requirement[];
    readonly refusal: RefusalCode;
  };
  /** By rising version: a log's profile says which holds, the last that is not above it (state.md, ST-9). */
  readonly rules: readonly {
    readonly fromVersion: number;
    judge(view: LedgerView, act: ActWith<Kind, F>, context: ActContext): Outcome;
  }[];
  /** For event streams; missing: about nobody in particular. */
  about?(act: ActWith<Kind, F>): About;
  /** Missing: nothing that can be opened. */
  commits?(act: ActWith<Kind, F>): Commitment;
  /** For receipts and explorers, beside the kind. */
  facts(act: ActWith<Kind, F>): Facts;
}

/** An act as a value: its kind and its fields. */
export type ActWith<Kind extends string, F extends Fields> = {
  readonly [K in 'kind' | keyof F]: K extends 'kind' ? Kind : StructOf<F>[K & keyof F];
};

export interface ActModule<Kind extends string = string, F extends Fields = Fields>
  extends ActDeclaration<Kind, F> {
  /** `[number, ...fields]`. */
  toCbor(act: ActWith<Kind, F>): readonly Cbor[];
  /** From what stands after the number. Throws CBOR_SHAPE and what the fields' shapes throw. */
  fromCbor(fields: readonly Cbor[]): ActWith<Kind, F>;
}

/** The act that a module declares. */
export type ActOf<M> = M extends ActModule<infer Kind, infer F> ? ActWith<Kind, F> : never;

/** An act as codec, rules, gateways and receipts use it. Field order is the order of `fields`. */
export function defineAct<const Kind extends string, F extends Fields>(
  declaration: ActDeclaration<Kind, F>,
): ActModule<Kind, F> {
  const { kind, number, fields } = declaration;
  const places = Object.entries(fields);
  return {
    ...declaration,
    toCbor(act) {
      const array: Cbor[] = [number];
      for (const [name, shape] of places) array.push(shape.encode(act[name]));
      return array;
    },
    fromCbor(array) {
      if (array.length !== places.length) throw new CodedError('CBOR_SHAPE', { field: kind });
      const act: Record<string, unknown> = { kind };
      let at = 0;
      for (const [name, shape] of places) act[name] = shape.decode(array[at++], name);
      // The shapes decide the type of every field; the compiler cannot see that through the loop.
      return act as ActWith<Kind, F>;
    },
  };
}

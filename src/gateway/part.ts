import type { Code } from '../codes/index.ts';
import type { Act } from '../ledger/protocol.ts';
import { CodedError } from '../primitives/errors.ts';
import type { AccountId, TxId } from '../primitives/ids.ts';
import type { GatewayBase } from './base.ts';
import type { StoreOwner } from './migrations.ts';
import type { PartMetric } from './part-metrics.ts';
import type { GatewaySettings } from './settings.ts';

/** Where an act stands, as the parts of a gateway meet it. */
interface PlacedAct {
  readonly sender: AccountId;
  readonly txId: TxId;
  readonly height: number;
  readonly timeMs: number;
  /** Which act of its transaction. */
  readonly position: number;
}

/** An act of an accepted transaction. */
export interface IndexedAct extends PlacedAct {
  readonly act: Act;
  /** The transaction's result data. */
  readonly data: Uint8Array;
}

/** An act of a refused transaction. */
export interface RefusedAct extends PlacedAct {
  readonly act: Act;
  /** Undefined: a number that this build does not know. */
  readonly code: Code | undefined;
}

/**
 * What a part does on which kind of act; each sees its own act's fields. (Typed as a method, so that parts of
 * all types fit into one list: a part's hooks are only ever called with what the same part's `open` gave.)
 */
export type OnActs<Part, Met, Answer> = {
  readonly [Kind in Act['kind']]?: OnAct<Part, Met & { readonly act: ActOf<Kind> }, Answer>;
};
export type OnAct<Part, Met, Answer> = { on(part: Part, met: Met): Answer }['on'];
type ActOf<Kind extends Act['kind']> = Extract<Act, { readonly kind: Kind }>;

/** Work that comes round by itself; one that throws is logged under `what` and tried again next time. */
export interface Periodic {
  readonly what: string;
  readonly everyMs: number;
  /** Also once when the gateway starts, before it serves. */
  readonly atStart?: true;
  run(): void | Promise<void>;
}

/**
 * One thing that a gateway keeps or does (sessions, custody, the inbox), declared once: its tables, what it does
 * when the ledger says something, its figures. The declaration is also the key by which others get it.
 *
 * Parts are opened in the order of their list, and each may get those before it. A part that a home has only
 * since today meets the acts of the blocks that come; what stood on the ledger before, it asks `view` for.
 */
export interface GatewayPart<Part> {
  readonly name: string;
  readonly store?: StoreOwner;
  readonly metrics?: Readonly<Record<string, PartMetric<Part>>>;
  open(base: GatewayBase, parts: Parts): Part;
  /** In one transaction with the height, so nothing is missed or done twice after a crash. */
  readonly onAct?: OnActs<Part, IndexedAct, void>;
  /** The same, for the acts of transactions that the ledger refused. */
  readonly onRefused?: OnActs<Part, RefusedAct, void>;
  /**
   * Before the block counts as indexed, for what lies outside the gateway's file: blobs that must not be
   * collected from here on. Called again after a crash: then it changes nothing.
   */
  readonly keeps?: OnActs<Part, IndexedAct, Promise<void>>;
  /** Once, when all that was on the ledger at the start is indexed. */
  start?(part: Part): void;
  every?(part: Part, settings: GatewaySettings): readonly Periodic[];
  /** When the gateway ends: the last part first. */
  close?(part: Part): void | Promise<void>;
}

export type AnyPart = GatewayPart<unknown>;

/** The parts that a wing adds to every gateway. */
export interface WingParts {
  /** Begins the names of its metrics and of its tables. */
  readonly name: string;
  /** Opened after the parts of the spine and of the wings before it. */
  readonly parts: readonly AnyPart[];
}

/** The parts of one gateway that are open. */
export interface Parts {
  /** Throws INTERNAL for a part that is not open: it stands later in the list, or in none. */
  get<Part>(part: GatewayPart<Part>): Part;
}

/** Says a part's type once, from what `open` returns. */
export function definePart<Part>(part: GatewayPart<Part>): GatewayPart<Part> {
  return part;
}

/** The owners of tables among these parts, in their order. */
export function storesOf(parts: readonly AnyPart[]): StoreOwner[] {
  return parts.flatMap(({ store }) => store ?? []);
}

/** Parts as they are opened, one after the other. */
export class OpenParts implements Parts {
  readonly #opened = new Map<AnyPart, unknown>();

  /** Opens them in their order. Throws INTERNAL when two have one name or own the same tables. */
  open(parts: readonly AnyPart[], baseOf: (part: AnyPart) => GatewayBase): void {
    refuseTwice(parts.map(({ name }) => name));
    refuseTwice(storesOf(parts).map(({ owner }) => owner));
    for (const part of parts) this.#opened.set(part, part.open(baseOf(part), this));
  }

  get<Part>(part: GatewayPart<Part>): Part {
    if (!this.#opened.has(part)) {
      const open = [...this.#opened.keys()].map(({ name }) => name).join(' ');
      throw new CodedError('INTERNAL', { partNotOpen: part.name, open });
    }
    return this.#opened.get(part) as Part;
  }

  /** Each declaration with what it opened. */
  entries(): readonly (readonly [AnyPart, unknown])[] {
    return [...this.#opened];
  }
}

function refuseTwice(names: readonly string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new CodedError('INTERNAL', { partTwice: twice });
}

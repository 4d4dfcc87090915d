import { equalBytes } from '../../../../primitives/bytes.ts';
import { decodeCbor, encodeCbor, readArray } from '../../../../primitives/cbor.ts';
import type { ServerNumber } from '../../crypto/pages/page-head.ts';
import { batchRowId, statBatches } from '../../ledger/tables/stat-batches.ts';
import { statTrios } from '../../ledger/tables/stat-trios.ts';
import type { DataServerBase } from '../data-server-base.ts';
import type { BadRow, ScrubPlace, ScrubStep, Upkeep } from '../stores/upkeep.ts';
import { triosOf } from '../trio.ts';
import { BatchRoots } from './batch-roots.ts';

/** What is looked at, in this order; `ledger`: batches against their roots. */
export const scrubbedStores = ['pages', 'questions', 'ledger'] as const;
export type ScrubbedStore = (typeof scrubbedStores)[number];

/** Where in a store a round is that has seen all of its rows, and looks at what only all of them show. */
const wholePlace = 'guard';
/** Leaves of a sealed row take as long to look at as so many other rows. */
const leavesRow = 8;

/** Where a round is. */
export interface RoundPlace {
  readonly store: ScrubbedStore;
  readonly place: ScrubPlace | undefined;
}

export interface RoundStep {
  readonly bad: readonly (BadRow & { readonly store: ScrubbedStore })[];
  readonly rows: number;
  readonly bytes: number;
  /** Undefined: the round is over. */
  readonly next: RoundPlace | undefined;
}

export interface ScrubDepth {
  /** Indexes and the file, which stops everything else meanwhile. */
  readonly isFull: boolean;
  /** Also what MACs bind to what the ledger has of it: each share to H_k, each batch from its leaves to its root. */
  readonly isDeep: boolean;
}

/** As old as a state may be by which rows are proven (rule VS-2): until then what this process is shown may be of before its last one ended. */
const shownAnewMs = 10 * 60_000;

type Base = Pick<
  DataServerBase,
  'account' | 'ledger' | 'store' | 'questions' | 'listedTrios' | 'scrubClock'
>;

/**
 * Looks at everything that a data server keeps, a few rows a step: row by row by MAC and hash, each table as a whole at its end,
 * each batch against the root on the ledger; deep, also what somebody with the row key wrote. Source: docs/protocol/vitals-tampering.md, rules VT-5 to VT-8.
 */
export class Scrub {
  readonly #base: Base;
  readonly #numbers = new Map<string, ServerNumber | undefined>();
  readonly #roots: BatchRoots;
  readonly #beganMs: number;

  constructor(base: Base) {
    this.#base = base;
    this.#roots = new BatchRoots(base.store);
    this.#beganMs = this.#clockMs();
  }

  /** One step from a place on; `most` rows. Throws what the ledger's rows throw. */
  async step(
    at: RoundPlace | undefined,
    most: number,
    { isFull, isDeep }: ScrubDepth,
  ): Promise<RoundStep> {
    const { store, place } = at ?? { store: 'pages' as const, place: undefined };
    if (store === 'ledger') return this.#batches(place, { isFull, isDeep, most });
    const { upkeep } = store === 'pages' ? this.#base.store : this.#base.questions;
    const following: RoundPlace = {
      store: store === 'pages' ? 'questions' : 'ledger',
      place: undefined,
    };
    if (upkeep === undefined) return { bad: [], rows: 0, bytes: 0, next: following };
    if (store === 'pages' && (place === undefined || this.#numbers.size === 0))
      await this.#learnNumbers();
    const numberOf = (trio: string) => (isDeep ? this.#numbers.get(trio) : undefined);
    const found = await this.#looked(upkeep, { place, most, isFull, numberOf });
    return {
      bad: found.bad.map((it) => ({ ...it, store })),
      ...{ rows: found.rows, bytes: found.bytes },
      next: found.next === undefined ? following : { store, place: found.next },
    };
  }

  /** Rows, and after the last what only all of them show: in a full round at once, in the background in steps as well. */
  async #looked(
    upkeep: Upkeep,
    of: {
      readonly place: ScrubPlace | undefined;
      readonly most: number;
      readonly isFull: boolean;
      readonly numberOf: (trio: string) => ServerNumber | undefined;
    },
  ): Promise<ScrubStep> {
    const { place, most, isFull, numberOf } = of;
    const isAtWhole = place?.table.startsWith(wholePlace) === true;
    if (isAtWhole && upkeep.scrubWholeStep) return upkeep.scrubWholeStep(place, most);
    const found = await upkeep.scrub(place, most, numberOf);
    if (found.next !== undefined) return found;
    if (!isFull && upkeep.scrubWholeStep)
      return { ...found, next: { table: wholePlace, after: [] } };
    return { ...found, bad: [...found.bad, ...(await upkeep.scrubWhole(isFull))] };
  }

  /** A whole round, at once. `onStep`: told after each step, and waited for. */
  async round(
    most: number,
    onStep: (step: RoundStep) => Promise<void> = async () => {},
    isDeep = true,
  ): Promise<Pick<RoundStep, 'bad' | 'rows' | 'bytes'>> {
    const bad: RoundStep['bad'][number][] = [];
    let [rows, bytes] = [0, 0];
    let next: RoundPlace | undefined;
    const { upkeep } = this.#base.store;
    // What cannot be looked at aside, for its file was moved, is looked at by the connection that has it.
    const aside = upkeep?.lookAside?.()?.catch(() => upkeep.scrubWhole(true));
    aside?.catch(() => {});
    do {
      const isAside = aside !== undefined && (next?.store ?? 'pages') === 'pages';
      let step = await this.step(next, most, { isFull: !isAside, isDeep });
      if (isAside && step.next?.store !== 'pages') {
        const found = (await aside).map((it) => ({ ...it, store: 'pages' as const }));
        step = { ...step, bad: [...step.bad, ...found] };
      }
      bad.push(...step.bad);
      rows += step.rows;
      bytes += step.bytes;
      next = step.next;
      await onStep(step);
    } while (next !== undefined);
    return { bad, rows, bytes };
  }

  async #learnNumbers(): Promise<void> {
    const { account, ledger } = this.#base;
    for (const trio of await triosOf(this.#base)) {
      const row = await ledger.row(statTrios, trio);
      const number = ([1, 2, 3] as const)[row?.servers.indexOf(account) ?? -1];
      this.#numbers.set(trio, number);
    }
  }

  /** One batch a step, or in the background a part of one. */
  async #batches(place: ScrubPlace | undefined, of: StepDepth): Promise<RoundStep> {
    const { ledger, store } = this.#base;
    // A store without upkeep is not looked at: nothing is said of it.
    const trios = store.upkeep === undefined ? [] : await triosOf(this.#base);
    const trio: string | undefined = place?.table ?? trios[0];
    const done: RoundStep = { bad: [], rows: 0, bytes: 0, next: undefined };
    if (trio === undefined) return done;
    const number = Number(place?.after[0] ?? 0) + 1;
    const own = await store.newestBatch(trio);
    if (number > own) return this.#unsealed(trio, number, trios);
    const root = await this.#rootOf(trio, number, of);
    if (root === 'more')
      return { ...done, next: { store: 'ledger', place: { table: trio, after: [number - 1] } } };
    const row = await ledger.row(statBatches, batchRowId(trio, number));
    const isSame =
      row === undefined
        ? await this.#mayBeBehind(trio, number)
        : root !== undefined && equalBytes(row.root, root);
    const named = { table: 'batches', row: `${trio} ${number}`, column: '', bound: 'ledger root' };
    return {
      ...{
        rows: 1,
        bytes: 0,
        bad: isSame ? [] : [{ ...named, store: 'ledger', trio, batch: number }],
      },
      next: { store: 'ledger', place: { table: trio, after: [number] } },
    };
  }

  /** A batch that was sealed before this process began, and is newer than all that the ledger shows it of this trio. Rule VT-7. */
  async #mayBeBehind(trio: string, number: number): Promise<boolean> {
    if (this.#clockMs() - this.#beganMs >= shownAnewMs) return false;
    const newest = (await this.#base.ledger.row(statTrios, trio))?.newestBatch ?? 0;
    return number > newest;
  }

  #clockMs(): number {
    return this.#base.scrubClock?.nowMs() ?? performance.now();
  }

  /** Of what the ledger has and this server has not sealed: it wrote each down before it signed it. One step a trio. Rule VT-7. */
  async #unsealed(trio: string, from: number, trios: readonly string[]): Promise<RoundStep> {
    const { ledger, store } = this.#base;
    const newest = (await ledger.row(statTrios, trio))?.newestBatch ?? 0;
    const bad: RoundStep['bad'][number][] = [];
    for (let batch = from; batch <= newest; batch++) {
      const planned = await store.plannedBatches(trio, batch);
      const row =
        planned.length === 0 ? undefined : await ledger.row(statBatches, batchRowId(trio, batch));
      if (row !== undefined && planned.some(({ root }) => equalBytes(root, row.root))) continue;
      const of = { table: 'batches', row: `${trio} ${batch}`, column: '', bound: 'row gone' };
      bad.push({ ...of, store: 'ledger', trio, batch });
    }
    const [following] = trios.slice(trios.indexOf(trio) + 1);
    const next: RoundPlace | undefined =
      following === undefined
        ? undefined
        : { store: 'ledger', place: { table: following, after: [] } };
    return { bad, rows: bad.length, bytes: 0, next };
  }

  /** Of what is kept now; `more`: not all of it was looked at yet. */
  #rootOf(
    trio: string,
    number: number,
    { isFull, isDeep, most }: StepDepth,
  ): Promise<Uint8Array | 'more' | undefined> {
    if (!isDeep) return this.#roots.said(trio, number);
    if (isFull) return this.#roots.made(trio, number);
    return this.#roots.madeInSteps(trio, number, Math.max(1, Math.floor(most / leavesRow)));
  }
}

interface StepDepth extends ScrubDepth {
  readonly most: number;
}

/** A place as it is kept: CBOR[store, table or empty, keys]. */
export const placeBytes = ({ store, place }: RoundPlace): Uint8Array =>
  encodeCbor([store, place?.table ?? '', [...(place?.after ?? [])]]);

/** Undefined: none, or none that is known here: the round begins anew. */
export function placeIn(bytes: Uint8Array): RoundPlace | undefined {
  if (bytes.length === 0) return undefined;
  const [word, table, after] = readArray(decodeCbor(bytes), 'place');
  const store = scrubbedStores.find((it) => it === word);
  if (store === undefined || typeof table !== 'string' || !Array.isArray(after)) return undefined;
  if (table === '') return { store, place: undefined };
  return { store, place: { table, after: after as ScrubPlace['after'] } };
}

import type { AccountId, BlobId } from '../../../../primitives/ids.ts';
import type { Upkeep } from './upkeep.ts';

/**
 * What one data server keeps. Everything that is said to be one step is there whole or not at all, also after a power
 * failure; what has returned is on disk. Ids and hashes are bytes, trios, queries and datasets hex.
 * Source: docs/protocol/vitals-servers.md, rules VS-8 to VS-19.
 */
export interface PageStore {
  /** The newest registration of a pseudonym. */
  registration(pseudonym: Uint8Array): Promise<KeptRegistration | undefined>;
  /** Those that came or changed after this place in their order; 0: all. `most`: the first of them. */
  registrationsSince(place: number, most?: number): Promise<readonly PlacedRegistration[]>;
  /** The newest of an account. */
  registrationOf(account: AccountId): Promise<KeptRegistration | undefined>;
  /**
   * One step; the very same one again is kept, and of two with one counter the one with the greater hash. `over`: one of this account under another pseudonym, as it was signed, in whose
   * place this one may stand; pages that wait under that pseudonym are refused (SENSOR_UNKNOWN), and where one was accepted under
   * it, nothing changes. Throws PSEUDONYM_TAKEN, REGISTRATION_OLD.
   */
  register(registration: KeptRegistration, over?: Uint8Array): Promise<void>;

  /** Those of which this server has pages. */
  trios(): Promise<readonly string[]>;
  page(page: Uint8Array): Promise<StoredPage | undefined>;
  /** Pages that this sensor sent at or after this time, whatever became of them. */
  sentSince(sensor: Uint8Array, sinceMs: number): Promise<number>;
  /** When pages of this patient and panel came, of each sensor and hour since this one, whatever became of them; the newest of an hour counts. */
  heard(pseudonym: Uint8Array, panel: number, sinceHour: number): Promise<readonly HeardHour[]>;
  /**
   * All of these wait from now on, or none does. A page in the place of one that waits or was refused replaces it; under the
   * same manifest it stays what it is. Throws PAGE_REPLAYED (another was accepted), PAGE_WAITS (the server has spoken of the
   * one that waits). In the same step the recovery envelope of another server that came with them; it is kept as long as one of
   * these pages waits or is accepted, of this sharing.
   */
  takeIn(pages: readonly ArrivedPage[], envelope?: KeptEnvelope): Promise<void>;
  /** The recovery envelopes that this server keeps of these pages, each once; a page that has none is passed over. */
  envelopes(pages: readonly Uint8Array[]): Promise<readonly KeptEnvelope[]>;
  /** The oldest that wait, of one trio. */
  waiting(trio: string, most: number): Promise<readonly WaitingPage[]>;
  /** This server's part of a page that waits under this manifest; undefined: none does. */
  body(of: Pick<PageNames, 'page' | 'manifestHash'>): Promise<Uint8Array | undefined>;
  /** What this server says of pages of its own; written down before it is said, and never changed while the page waits. */
  speak(said: readonly SaidOfPage[]): Promise<void>;
  /** One step: the body of each is deleted; kept shares and refusals stay. A page that does not wait under this manifest is passed over. */
  settle(verdicts: readonly PageVerdict[]): Promise<void>;
  /** Pages that have waited since before `beforeMs` are refused, and their bodies deleted; returns how many. */
  expire(trio: string, of: { readonly beforeMs: number; readonly code: string }): Promise<number>;
  /** An accepted page that no batch holds is refused after all. */
  giveUp(page: Uint8Array, code: string): Promise<void>;

  /** Accepted by this server and in no batch yet, by page id. */
  unsealed(trio: string, most: number): Promise<readonly UnsealedPage[]>;
  /** A batch that this server signs; several may stand under one number, while it is open. */
  planBatch(batch: PlannedBatch): Promise<void>;
  plannedBatches(trio: string, number: number): Promise<readonly PlannedBatch[]>;
  /**
   * One step: the pages of the planned batch with this root count from now on, and what else was planned under its number
   * is forgotten. Again: nothing more. Throws BATCH_UNKNOWN.
   */
  seal(batch: Pick<PlannedBatch, 'trio' | 'number' | 'root'>): Promise<void>;
  /** 0: none yet. */
  newestBatch(trio: string): Promise<number>;
  sealedBatch(trio: string, number: number): Promise<PlannedBatch | undefined>;

  /** Sealed pages, by page id: what a question is about. */
  select(of: PageSelection): Promise<readonly SelectedPage[]>;
  /** Kept shares of sealed pages, in the order in which they are named. Throws NOT_FOUND. */
  shares(pages: readonly Uint8Array[]): Promise<readonly SummedPart[]>;
  /** Sums of the sealed pages of whole days within these hours, by rising day and batch. */
  days(of: PageSelection, want: { readonly counters: boolean }): AsyncIterable<DaySums>;
  /** Sealed pages of one patient and panel, by start hour. */
  pagesOf(
    pseudonym: Uint8Array,
    panel: number,
    hours: HourRange,
  ): Promise<readonly (StoredPage & { readonly kept: StoredShare })[]>;

  /** A small value by name, such as what another server sent; the first stays. Returns the one that stays. */
  keepOnce(name: string, value: Uint8Array): Promise<Uint8Array>;
  kept(name: string): Promise<Uint8Array | undefined>;
  close(): Promise<void>;

  /** Looks at what is kept, and puts it right. */
  readonly upkeep?: PageUpkeep;
}

/** From <= hour < until; hours since 1970. */
export interface HourRange {
  readonly from: number;
  readonly until: number;
}

export interface KeptRegistration {
  readonly pseudonym: Uint8Array;
  readonly account: AccountId;
  readonly counter: number;
  /** `signedRegistration`. */
  readonly signed: Uint8Array;
}

/** Each change of a registration takes the next place. */
export interface PlacedRegistration extends KeptRegistration {
  readonly place: number;
}

/** A sensor sent a page of this hour. */
export interface HeardHour {
  readonly sensor: Uint8Array;
  readonly hour: number;
  readonly atMs: number;
  readonly trio: string;
}

/** A page as its manifest names it. */
export interface PageNames {
  /** 16 bytes. */
  readonly page: Uint8Array;
  readonly trio: string;
  /** SHA-256 of the manifest. */
  readonly manifestHash: Uint8Array;
  readonly manifest: Uint8Array;
  /** The sensor's. */
  readonly signature: Uint8Array;
  readonly sensor: Uint8Array;
  readonly pseudonym: Uint8Array;
  readonly panel: number;
  readonly startHour: number;
  readonly n: number;
  /** What of the page is a leaf's content in its batch. */
  readonly leaf: Uint8Array;
}

/** With this server's part of it, opened: `api/page.ts`, one page. */
export interface ArrivedPage extends PageNames {
  readonly body: Uint8Array;
  readonly atMs: number;
}

/** What another server of the trio is rebuilt from (rule VS-29). */
export interface KeptEnvelope {
  readonly id: BlobId;
  readonly bytes: Uint8Array;
}

/** What it is judged by, without its body, which is asked for once. */
export interface WaitingPage extends Pick<PageNames, 'page' | 'manifestHash' | 'manifest'> {
  /** Missing: this server has not spoken of it. */
  readonly said?: Uint8Array;
}

export type PageState = 'waiting' | 'accepted' | 'refused';

export interface StoredPage extends PageNames {
  readonly state: PageState;
  /** Why it was refused. */
  readonly code?: string;
  readonly said?: Uint8Array;
  /** 0: in none yet. */
  readonly batch: number;
}

export interface SaidOfPage {
  readonly page: Uint8Array;
  readonly manifestHash: Uint8Array;
  readonly said: Uint8Array;
}

/** The part of a share that is added up. */
export interface SummedPart {
  /** 20 elements. */
  readonly roll: Uint8Array;
  /** 160 elements. */
  readonly histogram: Uint8Array;
}

export interface StoredShare extends SummedPart {
  readonly clinical: Uint8Array;
  readonly salt: Uint8Array;
}

export type PageVerdict = Pick<SaidOfPage, 'page' | 'manifestHash'> &
  ({ readonly kept: StoredShare } | { readonly code: string });

export type UnsealedPage = Pick<PageNames, 'page' | 'manifestHash' | 'manifest' | 'startHour'>;

export interface PlannedBatch {
  readonly trio: string;
  readonly number: number;
  readonly root: Uint8Array;
  /** By rising id. */
  readonly pages: readonly Uint8Array[];
  readonly firstHour: number;
  readonly lastHour: number;
}

export interface PageSelection {
  readonly trio: string;
  readonly panel: number;
  /** The newest batch that counts. */
  readonly asOfBatch: number;
  readonly hours: HourRange;
}

export interface SelectedPage extends Pick<PageNames, 'page' | 'pseudonym' | 'startHour' | 'n'> {
  readonly batch: number;
}

/** What a batch has of one day, added up a patient; each field is a row after the other, in the order of `patients`. */
export interface DaySums {
  /** Days since 1970. */
  readonly day: number;
  readonly batch: number;
  /** Pseudonyms, 16 bytes each, rising. */
  readonly patients: Uint8Array;
  /** `digestOfPages`, 32 bytes each. */
  readonly digests: Uint8Array;
  /** Pages and readings, two words of 32 bits each, highest byte first. */
  readonly counts: Uint8Array;
  /** 20 elements each. */
  readonly rolls: Uint8Array;
  /** 160 elements each; only where they are wanted. */
  readonly histograms?: Uint8Array;
}

/** A page as this server's own row, the other servers and its envelope say that it is. */
export interface MendedPage {
  readonly names: PageNames;
  /** When it came, where no row of it holds that says so. */
  readonly atMs: number;
  readonly kept: StoredShare;
}

/** An accepted page whose row is as it was written, as far as it is bound by its MAC and its manifest's hash. */
export interface StandingPage {
  readonly names: PageNames;
  readonly batch: number;
  /** As it stands, which binds it to nothing yet; missing: there is none. */
  readonly kept?: StoredShare;
}

/** And puts it right. Rule VT-11. */
export interface LeavesStep {
  readonly leaves: readonly { readonly page: Uint8Array; readonly leaf: Uint8Array }[];
  readonly next: number | undefined;
}

export interface PageUpkeep extends Upkeep {
  /** Pseudonyms with a sealed page in these batches. */
  people(
    trio: string,
    batches: { readonly first: number; readonly last: number },
  ): Promise<readonly Uint8Array[]>;
  /** Of these pages, in their order; undefined: of one there is none. */
  leaves(pages: readonly Uint8Array[]): Promise<readonly Uint8Array[] | undefined>;
  /**
   * Of the pages of a sealed batch, as its rows have them, so many rows after one (0: from the first), from the file; `next`
   * undefined: those were the last. Missing: `leaves` has those of a batch at once. Throws HOME_INVALID.
   */
  leavesAfter?(of: {
    readonly trio: string;
    readonly batch: number;
    readonly after: number;
    readonly rows: number;
  }): Promise<LeavesStep>;
  /** Of these pages, in their order, what stands; undefined: the row does not hold, or there is none. Missing: nobody can say. */
  readonly standing?: (
    pages: readonly Uint8Array[],
  ) => Promise<readonly (StandingPage | undefined)[]>;
  /** Of these pages, in their order, the kept share as it stands, whatever became of its row; undefined: there is none. */
  shares(pages: readonly Uint8Array[]): Promise<readonly (StoredShare | undefined)[]>;
  /** In one step: the batch, its pages and their sums are these from now on, whatever stood in their place. */
  mendBatch(batch: PlannedBatch, pages: readonly MendedPage[]): Promise<void>;
}

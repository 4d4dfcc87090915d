import { bytesToHex } from '../../../../../primitives/bytes.ts';
import type { AccountId } from '../../../../../primitives/ids.ts';
import type { PageArithmetic } from '../../../crypto/pages/page-arithmetic.ts';
import type {
  ArrivedPage,
  DaySums,
  HeardHour,
  HourRange,
  KeptEnvelope,
  KeptRegistration,
  PageNames,
  PageSelection,
  PageStore,
  PageUpkeep,
  PageVerdict,
  PlacedRegistration,
  PlannedBatch,
  SaidOfPage,
  SelectedPage,
  StoredPage,
  StoredShare,
  SummedPart,
  UnsealedPage,
  WaitingPage,
} from '../page-store.ts';
import type { RowMacs } from '../row-macs.ts';
import { SqliteArrivingPages } from './sqlite-arriving-pages.ts';
import { SqliteBatches } from './sqlite-batches.ts';
import { SqliteEnvelopes } from './sqlite-envelopes.ts';
import { SqlitePageUpkeep } from './sqlite-page-upkeep.ts';
import { PagesDb } from './sqlite-pages-db.ts';
import { SqliteRegistrations } from './sqlite-registrations.ts';
import { SqliteSealedPages } from './sqlite-sealed-pages.ts';
import { SqliteUnsealedPages } from './sqlite-unsealed-pages.ts';

/** The embedded store: one file, one writer; each room keeps its own tables (`sqlite-pages-schema.ts`). Rule VS-19. */
export class SqlitePageStore implements PageStore {
  readonly #db: PagesDb;
  readonly #registrations: SqliteRegistrations;
  readonly #arriving: SqliteArrivingPages;
  readonly #unsealed: SqliteUnsealedPages;
  readonly #sealed: SqliteSealedPages;
  readonly #batches: SqliteBatches;
  readonly #envelopes: SqliteEnvelopes;
  /** Looks at what is kept, and puts it right. */
  readonly upkeep: PageUpkeep;

  /**
   * `arithmetic` adds shares up by day, `macs` bind the rows, `lookAside` is told of the file that was opened, and looks at it (`lookAtFile`). Throws
   * HOME_INVALID for a database of another version.
   */
  constructor(
    path: string,
    arithmetic: PageArithmetic,
    macs: RowMacs,
    lookAside?: (path: string) => NonNullable<PageUpkeep['lookAside']>,
  ) {
    this.#db = new PagesDb(path, macs);
    this.#envelopes = new SqliteEnvelopes(this.#db);
    this.#arriving = new SqliteArrivingPages(this.#db, this.#envelopes);
    this.#unsealed = new SqliteUnsealedPages(this.#db, this.#envelopes);
    this.#registrations = new SqliteRegistrations(this.#db, this.#unsealed);
    this.#sealed = new SqliteSealedPages(this.#db);
    this.#batches = new SqliteBatches(this.#db, arithmetic);
    const rooms = {
      ...{ unsealed: this.#unsealed, sealed: this.#sealed },
      ...{ batches: this.#batches, envelopes: this.#envelopes },
    };
    this.upkeep = new SqlitePageUpkeep(this.#db, rooms, lookAside?.(path));
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  async registration(pseudonym: Uint8Array): Promise<KeptRegistration | undefined> {
    return this.#registrations.registration(pseudonym);
  }

  async registrationsSince(place: number, most?: number): Promise<readonly PlacedRegistration[]> {
    return this.#registrations.since(place, most);
  }

  async registrationOf(account: AccountId): Promise<KeptRegistration | undefined> {
    return this.#registrations.ofAccount(account);
  }

  async register(of: KeptRegistration, over?: Uint8Array): Promise<void> {
    this.#registrations.register(of, over);
  }

  async trios(): Promise<readonly string[]> {
    const trios: string[] = [];
    const after = (trio: string) =>
      [this.#unsealed.trioAfter(trio), this.#sealed.trioAfter(trio)]
        .filter((it) => it !== undefined)
        .sort()[0];
    for (let next = after(''); next !== undefined; next = after(next)) trios.push(next);
    return trios;
  }

  async page(page: Uint8Array): Promise<StoredPage | undefined> {
    return this.#sealed.page(page) ?? this.#unsealed.page(page);
  }

  async sentSince(sensor: Uint8Array, sinceMs: number): Promise<number> {
    return this.#arriving.sentSince(sensor, sinceMs);
  }

  async heard(
    pseudonym: Uint8Array,
    panel: number,
    sinceHour: number,
  ): Promise<readonly HeardHour[]> {
    const hours = new Map<string, HeardHour>();
    for (const room of [this.#unsealed, this.#sealed])
      for (const it of room.heard(pseudonym, panel, sinceHour)) {
        const name = `${String(it.hour).padStart(10, '0')} ${bytesToHex(it.sensor)} ${it.trio}`;
        if ((hours.get(name)?.atMs ?? -1) < it.atMs) hours.set(name, it);
      }
    return [...hours].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, it]) => it);
  }

  async takeIn(pages: readonly ArrivedPage[], envelope?: KeptEnvelope): Promise<void> {
    this.#unsealed.forgetBodies();
    this.#arriving.takeIn(pages, envelope, (it) => this.#sealed.isSealed(it));
  }

  async envelopes(pages: readonly Uint8Array[]): Promise<readonly KeptEnvelope[]> {
    const found = new Map<string, KeptEnvelope>();
    for (const page of pages) {
      const number = this.#unsealed.envelopeOf(page) ?? this.#sealed.envelopeOf(page);
      const envelope = this.#envelopes.byNumber(number);
      if (envelope !== undefined) found.set(envelope.id, envelope);
    }
    return [...found.values()];
  }

  async waiting(trio: string, most: number): Promise<readonly WaitingPage[]> {
    return this.#unsealed.waiting(trio, most);
  }

  async body(of: Pick<PageNames, 'page' | 'manifestHash'>): Promise<Uint8Array | undefined> {
    return this.#unsealed.body(of);
  }

  async speak(said: readonly SaidOfPage[]): Promise<void> {
    this.#unsealed.speak(said);
  }

  async settle(verdicts: readonly PageVerdict[]): Promise<void> {
    this.#unsealed.settle(verdicts);
  }

  async expire(
    trio: string,
    of: { readonly beforeMs: number; readonly code: string },
  ): Promise<number> {
    return this.#unsealed.expire(trio, of);
  }

  async giveUp(page: Uint8Array, code: string): Promise<void> {
    this.#unsealed.giveUp(page, code);
  }

  async unsealed(trio: string, most: number): Promise<readonly UnsealedPage[]> {
    return this.#unsealed.unsealed(trio, most);
  }

  async planBatch(batch: PlannedBatch): Promise<void> {
    this.#batches.plan(batch);
  }

  async plannedBatches(trio: string, number: number): Promise<readonly PlannedBatch[]> {
    return this.#batches.planned(trio, number);
  }

  async seal(batch: Pick<PlannedBatch, 'trio' | 'number' | 'root'>): Promise<void> {
    this.#batches.seal(batch, { unsealed: this.#unsealed, sealed: this.#sealed });
  }

  async newestBatch(trio: string): Promise<number> {
    return this.#batches.newest(trio);
  }

  async sealedBatch(trio: string, number: number): Promise<PlannedBatch | undefined> {
    return this.#batches.sealed(trio, number);
  }

  async select(of: PageSelection): Promise<readonly SelectedPage[]> {
    return this.#sealed.select(of);
  }

  async shares(pages: readonly Uint8Array[]): Promise<readonly SummedPart[]> {
    return this.#sealed.shares(pages);
  }

  async *days(of: PageSelection, want: { readonly counters: boolean }): AsyncIterable<DaySums> {
    yield* this.#batches.days(of, want);
  }

  async pagesOf(
    pseudonym: Uint8Array,
    panel: number,
    hours: HourRange,
  ): Promise<readonly (StoredPage & { readonly kept: StoredShare })[]> {
    return this.#sealed.pagesOf(pseudonym, panel, hours);
  }

  async keepOnce(name: string, value: Uint8Array): Promise<Uint8Array> {
    return this.#registrations.keepOnce(name, value);
  }

  async kept(name: string): Promise<Uint8Array | undefined> {
    return this.#registrations.kept(name);
  }
}

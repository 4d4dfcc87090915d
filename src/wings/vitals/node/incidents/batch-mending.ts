import { CodedError, isCoded } from '../../../../primitives/errors.ts';
import type { AccountId, BlobId } from '../../../../primitives/ids.ts';
import { envelopeIn } from '../../api/batch-leaf.ts';
import { batchRowId, type StatBatchRow, statBatches } from '../../ledger/tables/stat-batches.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { askedAhead } from '../pages/asked-ahead.ts';
import { type CopiedPage, copyBatch, haveRoot, type LookAtOwn } from '../pages/batch-copies.ts';
import type { EnvelopeOpener } from '../pages/envelope-opener.ts';
import { askEnvelopes, pagesPerAsking } from '../pages/envelopes.ts';
import { envelopeBad, isKeptOf } from '../pages/rebuild-share.ts';
import type {
  MendedPage,
  PageUpkeep,
  PlannedBatch,
  StandingPage,
  StoredShare,
} from '../stores/page-store.ts';
import type { OwnTrio } from '../trio.ts';

/** A batch as it is to be. */
export interface BatchToMend {
  readonly batch: PlannedBatch;
  /** In its order. */
  readonly pages: readonly MendedPage[];
  /** Of so many the share came out of an envelope. */
  readonly fromEnvelopes: number;
}

/** A batch of which everything was asked for. */
export interface BegunBatch {
  /** Throws ENVELOPE_BAD, and what the opener throws. */
  mended(): Promise<BatchToMend>;
}

const hourMs = 3_600_000;

/** One batch of a trio, put together again: first of what stands, then of what others have. Rule VT-11. */
export class BatchMending {
  readonly #base: DataServerBase;
  readonly #upkeep: PageUpkeep;
  readonly #trio: OwnTrio;
  readonly #opener: EnvelopeOpener;
  /** Who said last what was not so, last: nobody has every batch of a rebuilding read and verified for nothing. */
  #from: readonly AccountId[];

  constructor(of: {
    readonly base: DataServerBase;
    readonly upkeep: PageUpkeep;
    readonly trio: OwnTrio;
    readonly opener: EnvelopeOpener;
  }) {
    this.#base = of.base;
    this.#upkeep = of.upkeep;
    this.#trio = of.trio;
    this.#opener = of.opener;
    this.#from = of.trio.others.map(({ account }) => account);
  }

  /** Its envelopes are opened meanwhile. Throws BATCH_UNKNOWN, ROOT_DIFFERS, SIGNATURE_WRONG, ENVELOPE_BAD, and what asking the other two throws. */
  async begin(number: number): Promise<BegunBatch> {
    const trio = this.#trio;
    const row = await this.#base.ledger.row(statBatches, batchRowId(trio.id, number));
    if (row === undefined) throw new CodedError('BATCH_UNKNOWN', { number });
    const look = (pages: readonly Uint8Array[]) => this.#look(pages);
    const copied = (await this.#own(number, row)) ?? (await this.#copied({ number, row, look }));
    const { root, firstHour, lastHour } = row;
    const pages = copied.map(({ names }) => names.page);
    const batch = { trio: trio.id, number, root, pages, firstHour, lastHour };
    const kept = await this.#kept(copied);
    const missing = copied.filter((_, at) => kept[at] === undefined);
    const opening = await this.#open(missing);
    return {
      mended: async () => {
        const opened = new Map((await Promise.all(opening)).flat());
        return {
          batch,
          pages: copied.map((page, at) => {
            const share = kept[at] ?? opened.get(page);
            if (share === undefined) throw envelopeBad('missing');
            return { names: page.names, atMs: (page.names.startHour + 1) * hourMs, kept: share };
          }),
          fromEnvelopes: missing.length,
        };
      },
    };
  }

  #copied(of: {
    readonly number: number;
    readonly row: StatBatchRow;
    readonly look: LookAtOwn;
  }): Promise<readonly CopiedPage[]> {
    const passedOver = (server: AccountId) => {
      this.#from = [...this.#from.filter((it) => it !== server), server];
    };
    return copyBatch(this.#base, this.#trio, { ...of, from: this.#from, passedOver });
  }

  /** Of this server's own list and rows; undefined: not all of them hold, or they are not the batch of the root. */
  async #own(
    number: number,
    { root, pages }: StatBatchRow,
  ): Promise<readonly CopiedPage[] | undefined> {
    const list = await this.#base.store.sealedBatch(this.#trio.id, number).catch(unlessBroken);
    if (list?.pages.length !== pages) return undefined;
    const found = await this.#look(list.pages);
    const copied = found.flatMap((standing) =>
      standing === undefined ? [] : [{ names: standing.names, standing }],
    );
    return copied.length === pages && haveRoot(copied, root) ? copied : undefined;
  }

  async #look(pages: readonly Uint8Array[]): Promise<readonly (StandingPage | undefined)[]> {
    return (await this.#upkeep.standing?.(pages)) ?? pages.map(() => undefined);
  }

  /** What still has its H_k stays, whatever became of its row; undefined: it has not. */
  async #kept(copied: readonly CopiedPage[]): Promise<readonly (StoredShare | undefined)[]> {
    const others = copied.filter(({ standing }) => standing === undefined);
    const found = await this.#upkeep.shares(others.map(({ names }) => names.page));
    const rest = new Map(others.map((page, at) => [page, found[at]]));
    return copied.map((page) => {
      const { names, standing } = page;
      const kept = standing === undefined ? rest.get(page) : standing.kept;
      return kept !== undefined && isKeptOf(names, this.#trio.place, kept) ? kept : undefined;
    });
  }

  /** Shares out of their envelopes, each asked for and opened once; what is asked for is opened while the next is. Rule VS-33. */
  async #open(missing: readonly CopiedPage[]): Promise<readonly Promise<readonly OpenedPage[]>[]> {
    const { id: trio, place: server } = this.#trio;
    const uploads = [...byEnvelope(this.#trio, missing)];
    const some = Array.from({ length: Math.ceil(uploads.length / pagesPerAsking) }, (_, at) =>
      uploads.slice(at * pagesPerAsking, (at + 1) * pagesPerAsking),
    );
    const ask = (of: typeof uploads) => this.#ask(of);
    const opening: Promise<readonly OpenedPage[]>[] = [];
    for await (const [asked, envelopes] of askedAhead(some, ask)) {
      const found = asked.map(([id, pages]) => {
        const bytes = envelopes.get(id);
        if (bytes === undefined) throw envelopeBad('missing');
        return { envelope: { id, bytes }, pages: pages.map(({ names }) => names) };
      });
      const of = asked.flatMap(([, pages]) => pages);
      const opened = this.#opener
        .open({ trio, server }, found)
        .then((shares) => of.flatMap((page, at) => openedPage(page, shares[at])));
      // Whoever waits for the batch hears of it.
      opened.catch(() => {});
      opening.push(opened);
    }
    return opening;
  }

  /** By a page of each; a keeper that knows nothing of that page is asked by the others of its upload. */
  async #ask(
    uploads: readonly (readonly [BlobId, readonly CopiedPage[]])[],
  ): Promise<ReadonlyMap<BlobId, Uint8Array>> {
    const envelopes = new Map<BlobId, Uint8Array>();
    const ask = async (pages: readonly CopiedPage[]) => {
      const ids = pages.map(({ names }) => names.page);
      for (const [name, bytes] of await askEnvelopes(this.#base, this.#trio, ids))
        envelopes.set(name, bytes);
    };
    await ask(uploads.flatMap(([, pages]) => pages.slice(0, 1)));
    for (const [name, pages] of uploads)
      if (!envelopes.has(name) && pages.length > 1) await ask(pages.slice(1, 1 + pagesPerAsking));
    return envelopes;
  }
}

type OpenedPage = readonly [CopiedPage, StoredShare];
const openedPage = (page: CopiedPage, share: StoredShare | undefined): readonly OpenedPage[] =>
  share === undefined ? [] : [[page, share]];

/** Pages of one upload together. Throws ENVELOPE_BAD: of a page that names none there is none. */
function byEnvelope(
  { place }: OwnTrio,
  pages: readonly CopiedPage[],
): ReadonlyMap<BlobId, readonly CopiedPage[]> {
  const uploads = new Map<BlobId, CopiedPage[]>();
  for (const page of pages) {
    const name = envelopeIn(page.names.leaf, place);
    if (name === undefined) throw envelopeBad('missing');
    const upload = uploads.get(name);
    if (upload === undefined) uploads.set(name, [page]);
    else upload.push(page);
  }
  return uploads;
}

/** A row that cannot be read is none. */
const unlessBroken = (error: unknown): undefined => {
  if (!isCoded(error, 'ROW_TAMPERED') && !isCoded(error, 'HOME_INVALID')) throw error;
};

import { sha256 } from '../../../../crypto/hash.ts';
import { hexToBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { encodeAskedGroup, type QueryManifest } from '../../api/query-manifest.ts';
import { quarterOf } from '../../ledger/tables/stat-spent.ts';
import {
  countingPages,
  digestOfPages,
  type MeantPage,
  type MeantPatient,
  type PageSet,
  pageSetOf,
  pageSetOnce,
  requirePatients,
  selectionOf,
} from '../stores/page-selection.ts';
import type { DeskParts } from './desk-parts.ts';
import type { Judged } from './question-judge.ts';
import type { CountingPages, WantedPages } from './question-pages.ts';

/** Groups of one dataset that are looked at for one researcher in a quarter. Rule VQ-33a. */
export const groupsAQuarter = 64;

/** The pages of a question. */
export interface Chosen {
  readonly counting: CountingPages;
  readonly readings: number;
  readonly set: PageSet;
  readonly selection: Uint8Array;
  readonly wanted: WantedPages;
}

/** Which pages a question is about, and which of them count. Source: docs/protocol/vitals-statistics.md, VQ-6, VQ-7, VQ-33a, VQ-34. */
export class PageChoice {
  readonly #parts: Pick<DeskParts, 'pages' | 'store' | 'now'>;
  /** What was chosen of a list the last time: a question is made ready, and then asked. */
  readonly #last = new WeakMap<
    readonly MeantPatient[],
    { readonly query: string; readonly chosen: Chosen }
  >();

  constructor(parts: Pick<DeskParts, 'pages' | 'store' | 'now'>) {
    this.#parts = parts;
  }

  /** Throws BATCH_UNKNOWN, CHECKS_SPENT, COHORT_TOO_SMALL. */
  async of({ manifest, query, dataset }: Judged): Promise<Chosen> {
    const { trio, panel, kMin, pagesPerPatient } = dataset;
    const { asOfBatch, cohort, fromHour, untilHour } = manifest;
    const wanted: WantedPages = {
      ...{ dataset: manifest.dataset, trio, panel, asOfBatch, cohort, fromHour, untilHour },
    };
    const { pages: kept } = this.#parts;
    if (!(await kept.hasBatch(trio, asOfBatch))) throw new CodedError('BATCH_UNKNOWN');
    const meant = await kept.select(wanted);
    const last = this.#last.get(meant);
    // Looked at then, as the same group.
    if (last?.query === query) return last.chosen;
    const set = pageSetOnce(meant);
    await this.#requireFewGroups(manifest, set);
    requirePatients(meant, kMin);
    const all = { query: bytesOf(query), pagesPerPatient, wanted };
    const { rows, ...counted } = await this.#counting(meant, all);
    const selection = selectionOf(all.query, rows ?? set);
    const chosen = { ...counted, set, selection, wanted };
    this.#last.set(meant, { query, chosen });
    return chosen;
  }

  /**
   * Whatever is said next tells something of this group without noise, so a researcher has few of them looked at, paid or
   * not. A group is what he said and who that is: that two groups are the same people, or nobody, is such a thing too.
   * Throws CHECKS_SPENT. Rule VQ-33a.
   */
  async #requireFewGroups(manifest: QueryManifest, set: PageSet): Promise<void> {
    const { store, now } = this.#parts;
    const { researcher, dataset } = manifest;
    const group = sha256(sha256(encodeAskedGroup(manifest)), sha256(set));
    const of = { researcher, dataset, quarter: quarterOf(now()), group };
    if (!(await store.look(of, groupsAQuarter))) throw new CodedError('CHECKS_SPENT');
  }

  /** What counts of each (VQ-7); `rows`: missing where that is everything. */
  async #counting(
    meant: readonly MeantPatient[],
    of: {
      readonly query: Uint8Array;
      readonly pagesPerPatient: number;
      readonly wanted: WantedPages;
    },
  ): Promise<Pick<Chosen, 'counting' | 'readings'> & { readonly rows?: PageSet }> {
    const sum = (list: readonly { readonly readings: number }[]) =>
      list.reduce((total, { readings }) => total + readings, 0);
    const whole = meant.filter(({ pages }) => pages <= of.pagesPerPatient);
    if (whole.length === meant.length)
      return { counting: { whole, pages: [] }, readings: sum(meant) };
    const chosen = new Map<MeantPatient, readonly MeantPage[]>();
    for (const it of meant) {
      if (it.pages <= of.pagesPerPatient) continue;
      const pages = await this.#parts.pages.pagesOf(it.patient, of.wanted);
      chosen.set(it, countingPages(pages, of));
    }
    const rows = meant.map((it) => {
      const pages = chosen.get(it);
      if (pages === undefined) return it;
      return { patient: it.patient, digest: digestOfPages(pages.map(({ page }) => page)) };
    });
    const some = [...chosen.values()].flat();
    return {
      counting: { whole, pages: some.map(({ page }) => page) },
      ...{ readings: sum(whole) + sum(some), rows: pageSetOf(rows) },
    };
  }
}

function bytesOf(hex: string): Uint8Array {
  const bytes = hexToBytes(hex);
  if (bytes === undefined) throw new CodedError('INTERNAL');
  return bytes;
}

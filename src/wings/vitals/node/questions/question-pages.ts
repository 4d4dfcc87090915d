import type { Cohort } from '../../api/cohort.ts';
import type { MeantPage, MeantPatient } from '../stores/page-selection.ts';
import type { SummedShares } from './answer-share.ts';

/** Which pages a question is about. */
export interface WantedPages {
  /** 16 bytes, hex: of whom opted in. */
  readonly dataset: string;
  readonly trio: string;
  readonly panel: number;
  /** Included; pages of later batches do not count. */
  readonly asOfBatch: number;
  readonly cohort: Cohort;
  readonly fromHour: number;
  /** Not included. */
  readonly untilHour: number;
}

/** What of the pages of a question counts. */
export interface CountingPages {
  /** Patients of whom all pages count. */
  readonly whole: readonly MeantPatient[];
  /** Those of the others. */
  readonly pages: readonly Uint8Array[];
}

/** The pages that a data server keeps, as questions look at them. */
export interface QuestionPages {
  /** Whether all pages of a trio's batches up to this one are here. */
  hasBatch(trio: string, number: number): Promise<boolean>;
  /** Who has a page, by rising pseudonym; of batches up to `asOfBatch`, which are all here. */
  select(wanted: WantedPages): Promise<readonly MeantPatient[]>;
  /** All pages of one of them, in any order. */
  pagesOf(patient: Uint8Array, wanted: WantedPages): Promise<readonly MeantPage[]>;
  /** This server's shares of them, added up. `counters`: also the 5 x 32 of the histograms. */
  sum(
    counting: CountingPages,
    of: WantedPages & { readonly counters: boolean },
  ): Promise<SummedShares>;
  /** Whether this patient's account opted in to the dataset. */
  isInDataset(account: string, dataset: string): Promise<boolean>;
}

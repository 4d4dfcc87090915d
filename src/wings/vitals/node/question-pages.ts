import type { Cohort } from '../api/cohort.ts';
import type { SummedShares } from './answer-share.ts';
import type { SelectablePage } from './page-selection.ts';

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

/** A page of a patient who is meant. */
export interface QuestionPage extends SelectablePage {
  readonly readings: number;
}

/** This server's shares of some pages, added up, and how many readings they have. */
export interface SummedPages extends SummedShares {
  readonly readings: number;
}

/** The pages that a data server keeps, as questions look at them. */
export interface QuestionPages {
  /** The newest batch of a trio whose pages are all here; 0: none. */
  newestBatch(trio: string): Promise<number>;
  /** In any order; those of batches up to `asOfBatch`, which are all here. */
  select(wanted: WantedPages): Promise<readonly QuestionPage[]>;
  /** `counters`: also the 5 x 32 of the histograms. */
  sum(
    pages: readonly QuestionPage[],
    of: WantedPages & { readonly counters: boolean },
  ): Promise<SummedPages>;
  /** Whether this patient's account opted in to the dataset. */
  isInDataset(account: string, dataset: string): Promise<boolean>;
}

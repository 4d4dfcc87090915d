import type { PageSet } from './page-selection.ts';
import type { Upkeep } from './upkeep.ts';

/** A question that was begun: what must be the same when a crash makes the server begin again. */
export interface BegunQuestion {
  /** 32 bytes, hex. */
  readonly query: string;
  readonly researcher: string;
  readonly dataset: string;
  /** As it came: manifest and signature. */
  readonly signed: Uint8Array;
  readonly selection: Uint8Array;
}

export interface KeptQuestion extends BegunQuestion {
  /** Undefined: begun, and not yet answered. */
  readonly answer: Uint8Array | undefined;
  /** StatSeal stands on the ledger. */
  readonly isSealed: boolean;
}

/**
 * What a data server must not lose of questions: what it answered, what it compared them with. What a call
 * returned from is on disk. Source: docs/protocol/vitals-statistics.md, rules VQ-8 and VQ-35.
 */
export interface QuestionStore {
  known(query: string): Promise<KeptQuestion | undefined>;
  /** Page sets of the researcher's earlier questions on the dataset, each once; one after the other, for they may be large. */
  earlierSets(researcher: string, dataset: string): AsyncIterable<PageSet>;
  /**
   * In one step: remembers a group of patients that was looked at for a researcher, by its hash. False: it is another one
   * than before, and he has had so many in this quarter.
   */
  look(
    of: {
      readonly researcher: string;
      readonly dataset: string;
      readonly quarter: number;
      readonly group: Uint8Array;
    },
    most: number,
  ): Promise<boolean>;
  /**
   * In one transaction: `guard` sees each of the earlier sets, and what it throws leaves nothing written. A question that
   * was begun before stays as it was. `answer`: kept in the same transaction.
   */
  begin(
    question: BegunQuestion,
    set: PageSet,
    guard: (earlier: PageSet) => void,
    answer?: Uint8Array,
  ): Promise<KeptQuestion>;
  /** The first answer stays. Returns the one that is kept. */
  keep(query: string, answer: Uint8Array): Promise<Uint8Array>;
  sealed(query: string): Promise<void>;
  /** Answered, and not sealed: what a server that starts still owes. */
  unsealed(): Promise<readonly KeptQuestion[]>;
  /** As they came, oldest first; of one researcher, or of all; `most` of them after the first `skip`. */
  signedOn(
    dataset: string,
    of: { readonly researcher?: string; readonly skip: number; readonly most: number },
  ): Promise<readonly Uint8Array[]>;
  close(): Promise<void>;

  /** Looks at what is kept. */
  readonly upkeep?: Upkeep;
}

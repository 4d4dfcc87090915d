import type { PatientPages } from './page-selection.ts';

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

/** Which key hides what two servers say, by the trio and the account of the other. */
export interface KeptMaskKey {
  readonly number: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** The other has it too; of a key that came from the other: always. */
  readonly isShared: boolean;
}

/**
 * What a data server must not lose of questions: what it answered, what it compared them with, the keys that hide its
 * parts. What a call returned from is on disk. Source: docs/protocol/vitals-statistics.md, rules VQ-8, VQ-35 and VQ-37.
 */
export interface QuestionStore {
  known(query: string): KeptQuestion | undefined;
  /** Page sets of the researcher's earlier questions on the dataset, each once. */
  earlierSets(researcher: string, dataset: string): Iterable<PatientPages>;
  /**
   * In one transaction: `guard` sees the earlier sets, and what it throws leaves nothing written. A question that was
   * begun before stays as it was.
   */
  begin(
    question: BegunQuestion,
    set: PatientPages,
    guard: (earlier: Iterable<PatientPages>) => void,
  ): KeptQuestion;
  /** The first answer stays. Returns the one that is kept. */
  keep(query: string, answer: Uint8Array): Uint8Array;
  sealed(query: string): void;
  /** Answered, and not sealed: what a server that starts still owes. */
  unsealed(): readonly KeptQuestion[];
  /** As they came, oldest first; of one researcher, or of all. */
  signedOn(dataset: string, researcher?: string): readonly Uint8Array[];
  maskKey(trio: string, other: string): KeptMaskKey | undefined;
  /** Replaces one of a lower number, or the same to say that it is shared; else nothing changes. */
  keepMaskKey(trio: string, other: string, key: KeptMaskKey): void;
  close(): void;
}

/** A block of this ledger as plain data; the sandbox knows no engine. */
export interface SandboxBlock {
  readonly height: number;
  /** The header's real bytes, lower-case hex. */
  readonly headerHex: string;
  readonly txs: number;
  readonly bytes: number;
}

export interface Miner {
  readonly name: string;
  /** Of the hash power, in proportion to the others. */
  readonly share: number;
}

export interface SandboxOptions {
  /** In order of height, without a gap; at most 24. */
  readonly blocks: readonly SandboxBlock[];
  /** Leading zero bits, 1 to 20. */
  readonly difficultyBits?: number;
  readonly miners?: readonly Miner[];
  readonly seed?: number;
  /** A height; missing: the block in the middle. */
  readonly tamperAt?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: SandboxProgress) => void;
}

export interface SandboxProgress {
  readonly phase: 'mine' | 'rewrite' | 'race';
  readonly done: number;
  readonly of: number;
}

/** Hashes are hex. */
export interface MinedBlock {
  readonly height: number;
  readonly previousHash: string;
  readonly nonce: number;
  readonly hash: string;
  readonly zeroBits: number;
  readonly tries: number;
  readonly txs: number;
  readonly bytes: number;
}

/** The same nonce after the change: what the block hashes to now. */
export interface BrokenBlock {
  readonly height: number;
  readonly hashBefore: string;
  readonly hashAfter: string;
  readonly zeroBits: number;
  readonly isValid: boolean;
}

/** The work to replace the last `blocks` blocks, really done. */
export interface RewriteCost {
  readonly blocks: number;
  readonly fromHeight: number;
  readonly expectedTries: number;
  readonly measuredTries: number;
}

export interface RaceBlock {
  readonly height: number;
  readonly hash: string;
  readonly previousHash: string;
  readonly nonce: number;
  readonly miner: string;
  /** Of the race; all miners try at once in a round, and news needs some rounds to arrive. */
  readonly round: number;
  readonly isOnChosenChain: boolean;
}

export interface RaceMiner {
  readonly name: string;
  readonly share: number;
  readonly tries: number;
  readonly blocksFound: number;
  readonly blocksOnChosenChain: number;
}

export interface Race {
  readonly rounds: number;
  readonly delayRounds: number;
  readonly miners: readonly RaceMiner[];
  readonly blocks: readonly RaceBlock[];
  /** Heights at which more than one block was found. */
  readonly forks: readonly { readonly height: number; readonly hashes: readonly string[] }[];
  /** The tip with most work; between equals the one that was found first. */
  readonly chosenTip: { readonly hash: string; readonly height: number; readonly work: number };
  /** Tips that lost. */
  readonly abandonedTips: readonly { readonly hash: string; readonly height: number }[];
}

export const sandboxCaption = 'Teaching only: in Salus work decides nothing.';

export interface SandboxReport {
  readonly caption: typeof sandboxCaption;
  readonly seed: number;
  readonly difficultyBits: number;
  readonly expectedTriesPerBlock: number;
  readonly measuredTriesPerBlock: number;
  readonly totalTries: number;
  readonly chain: readonly MinedBlock[];
  readonly tamper: {
    readonly height: number;
    /** Where a reader of the changed chain first sees that something is wrong. */
    readonly detectedAtHeight: number | undefined;
    /** The changed block and all after it. */
    readonly blocks: readonly BrokenBlock[];
  };
  /** The changed block and all after it, mined anew: the change is hidden, at this price. */
  readonly rechained: readonly MinedBlock[];
  readonly rewriteCosts: readonly RewriteCost[];
  readonly race: Race;
}

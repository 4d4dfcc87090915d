import type { LogName } from '../ledger/shapes.ts';
import type { Misbehaviour } from '../ledger/validator-set.ts';
import type { TxId } from '../primitives/ids.ts';
import type { HeadsAnswer, StateAnswer, TxResult } from './application.ts';

/** A block as readers of the ledger get it. `header` and `commit` are CometBFT protobuf bytes. */
export interface CommittedBlock {
  readonly height: number;
  readonly timeMs: number;
  readonly txs: readonly Uint8Array[];
  readonly results: readonly TxResult[];
  /** Evidence against validators that the block carries; missing: none. */
  readonly misbehaviour?: readonly Misbehaviour[];
}

export interface SignedHeader {
  readonly height: number;
  /** CometBFT `Header`, protobuf. */
  readonly header: Uint8Array;
  /** CometBFT `Commit` for this header, protobuf. */
  readonly commit: Uint8Array;
  /** Validators of this height: Ed25519 key and voting power. */
  readonly validators: readonly { readonly publicKey: Uint8Array; readonly power: number }[];
}

export interface CommitOutcome {
  readonly txId: TxId;
  readonly height: number;
  readonly timeMs: number;
  readonly index: number;
  readonly result: TxResult;
}

/** What the gateway sees of a ledger. Every engine implements it and passes engine.contract.ts. */
export interface LedgerEngine {
  readonly chainId: string;
  /** The height and block time of the last committed block. */
  status(): {
    readonly height: number;
    readonly timeMs: number;
    readonly appHash: Uint8Array;
    readonly stalledMs: number;
  };
  /**
   * Hands a transaction in. Code 0: it waits to be committed; otherwise the number of the refusal by
   * CheckTx. A transaction that is already known answers 0, its outcome is had from `waitCommit`.
   */
  submit(tx: Uint8Array): Promise<{ readonly code: number; readonly txId: TxId }>;
  /** Throws COMMIT_TIMEOUT, TX_UNKNOWN. */
  waitCommit(txId: TxId, timeoutMs: number): Promise<CommitOutcome>;
  query(table: string, key: Uint8Array, options: { readonly prove: boolean }): Promise<StateAnswer>;
  /** What the newest app hash is made of (docs/protocol/following.md, F-1). */
  heads(): Promise<HeadsAnswer>;
  /** That a log only grew between two of its sizes (F-2). Throws HEIGHT_UNKNOWN. */
  logConsistency(log: LogName, from: number, to: number): Promise<readonly Uint8Array[]>;
  /**
   * The oldest block that is here, where earlier ones are still being fetched from others; undefined, or no such question:
   * all are here. Meanwhile what needs one of them is HISTORY_MISSING.
   */
  historyFrom?(): number | undefined;
  /** A block with all that is kept of it, for other members (CB-15). Throws HEIGHT_UNKNOWN, HISTORY_MISSING. */
  keptBlock?(height: number): Promise<Uint8Array>;
  /** Whose turn it is to propose at this height, in the order of the set (CB-14). Throws HEIGHT_UNKNOWN, NODE_SILENT. */
  turns?(height: number): Promise<readonly number[]>;
  /** Throws HEIGHT_UNKNOWN. */
  block(height: number): Promise<CommittedBlock>;
  signedHeader(height: number): Promise<SignedHeader>;
  /** The receipt of a committed transaction, as docs/protocol/receipts.md has it; waits for the proof block. */
  receipt(txId: TxId, timeoutMs: number): Promise<Uint8Array>;
  /** Blocks from height `from` on, then every new one as it is committed, until the signal. */
  subscribe(from: number, signal: AbortSignal): AsyncIterable<CommittedBlock>;
  close(): Promise<void>;
}

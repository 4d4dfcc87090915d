import type { StateHeads } from '../ledger/app-hash.ts';
import type { Validator } from '../ledger/chain/validators.ts';
import type { LogName } from '../ledger/shapes.ts';
import type { Misbehaviour } from '../ledger/validator-set.ts';

/**
 * The seam between an engine, which orders bytes, and the ledger, which judges them: shaped like ABCI 2.0,
 * so that the embedded engine and CometBFT drive the same application (ledger.md 1 and 5.4).
 */
export interface TxResult {
  /** 0 accepted; otherwise the number of a refusal. Covered by `last_results_hash` together with `data`. */
  readonly code: number;
  /** CBOR; accepted: array with one byte string per act; refused: [index of the act that refused]. */
  readonly data: Uint8Array;
}

export interface BlockInput {
  readonly height: number;
  readonly timeMs: number;
  readonly txs: readonly Uint8Array[];
  /** Evidence against validators that the block carries; missing: the engine has none to report. */
  readonly misbehaviour?: readonly Misbehaviour[];
}

export interface BlockOutput {
  readonly results: readonly TxResult[];
  /** Root after this block; stands in the header of the next height. Unchanged by an empty block. */
  readonly appHash: Uint8Array;
  /** Who orders blocks from two heights later on, as far as this block changed it; power 0: no more. */
  readonly validatorUpdates: readonly Validator[];
}

export interface StateAnswer {
  readonly height: number;
  /** Undefined: there is no such row. */
  readonly value: Uint8Array | undefined;
  /** CBOR proof of presence or absence that leads to the app hash after `height`; only when asked for. */
  readonly proof: Uint8Array | undefined;
}

export interface HeadsAnswer extends StateHeads {
  /** They lead to the app hash after this height. */
  readonly height: number;
}

export interface Application {
  /** The last committed height (0: only genesis) and the app hash after it, read from disk. */
  info(): { readonly height: number; readonly appHash: Uint8Array };
  /** Everything that can be judged without executing acts; code 0 or a refusal's number. */
  checkTx(tx: Uint8Array, nowMs: number): Promise<number>;
  /** These passed `checkTx`, and no block could be made of them. CometBFT does not say so: not every engine does. */
  dropTxs?(txs: readonly Uint8Array[]): void;
  /**
   * A block of these is executed soon: what of them depends on no state is worked out meanwhile. `finalizeBlock`
   * answers the same without it. The list and its bytes stay as they are until then. Never rejects.
   */
  prepare?(txs: readonly Uint8Array[]): Promise<void>;
  /** Asked before the first block is made on what was replayed. Throws where the next block cannot be judged here. */
  requireNext?(): void;
  /** Executes the block inside an open state transaction. Called again without commit: redo. */
  finalizeBlock(block: BlockInput): Promise<BlockOutput>;
  /** Makes the finalized block the committed state. */
  commit(): void;
  /** Reads the last committed state. */
  query(table: string, key: Uint8Array, prove: boolean): StateAnswer;
  /** What the committed app hash is made of. */
  heads(): HeadsAnswer;
  /** For `isConsistent`: the log of `from` leaves begins that of `to` leaves. Throws HEIGHT_UNKNOWN for a size it never had. */
  logConsistency(log: LogName, from: number, to: number): readonly Uint8Array[];
  close(): void;
}

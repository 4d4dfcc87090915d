import { sha256 } from '../../crypto/hash.ts';
import { decodeHeader } from '../../ledger/chain/header.ts';
import { encodeReceipt } from '../../ledger/chain/receipt.ts';
import { type TrustRoot, trustRootOf } from '../../ledger/chain/trust-root.ts';
import type { LogName } from '../../ledger/shapes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { idBytes, type TxId, txIdOf } from '../../primitives/ids.ts';
import type { HeadsAnswer, StateAnswer } from '../application.ts';
import type { BlockStore } from '../blocks/block-store.ts';
import type { CommitOutcome, CommittedBlock, LedgerEngine, SignedHeader } from '../engine.ts';
import { BlockLoop, type LoopParts } from './block-loop.ts';
import type { Waiting } from './mempool.ts';

export interface EngineParts extends LoopParts {
  /** Who sent a transaction, to hold each sender to 200 in flight; undefined: not limited. */
  readonly senderOf: (tx: Uint8Array) => string | undefined;
  readonly release: () => void;
}

/**
 * One operator's ledger in this process: orders transactions, has the application judge them, signs and
 * stores blocks in CometBFT's formats. Made by `openEmbeddedEngine`.
 *
 * This is the face that callers see; `BlockLoop` makes the blocks, `Pace` says when.
 */
export class EmbeddedEngine implements LedgerEngine {
  readonly #parts: EngineParts;
  readonly #loop: BlockLoop;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#loop = new BlockLoop(parts);
  }

  get chainId(): string {
    return this.#parts.identity.chainId;
  }

  /** The durable store, for verification, export and an operator's quota. */
  get store(): BlockStore {
    return this.#parts.store;
  }

  start(): Promise<void> {
    return this.#loop.start();
  }

  status() {
    const { height, timeMs, appHash } = this.#loop.tip;
    return { height, timeMs, appHash, stalledMs: this.#loop.pace.stalledMs() };
  }

  async submit(tx: Uint8Array): Promise<{ readonly code: number; readonly txId: TxId }> {
    this.#loop.requireRunning();
    const idOfTx = sha256(tx);
    const txId = txIdOf(idOfTx);
    const known = this.#loop.mempool.get(txId);
    if (known !== undefined) return { code: await known.checked, txId };
    if (this.#parts.store.find(idOfTx) !== undefined) return { code: 0, txId };
    const clock = this.#loop.lookAtClock();
    if (clock !== 'right') throw new CodedError(clock);

    const sender = this.#parts.senderOf(tx);
    const checked = Promise.resolve(0);
    const waiting: Waiting = { txId, idBytes: idOfTx, tx, sender, checked, waiters: [] };
    this.#loop.mempool.enter(waiting);
    waiting.checked = this.#check(waiting);
    return { code: await waiting.checked, txId };
  }

  async #check(waiting: Waiting): Promise<number> {
    try {
      const nowMs = Math.max(this.#parts.clock.now(), this.#loop.tip.timeMs + 1);
      const code = await this.#parts.application.checkTx(waiting.tx, nowMs);
      // Closed or failed meanwhile: whoever waited has been told.
      if (this.#loop.mempool.get(waiting.txId) !== waiting) this.#loop.requireRunning();
      if (code === 0) this.#loop.enqueue(waiting);
      else this.#loop.mempool.drop(waiting, new CodedError('TX_UNKNOWN'));
      return code;
    } catch (error) {
      if (this.#loop.mempool.get(waiting.txId) === waiting) this.#loop.mempool.drop(waiting, error);
      throw error;
    }
  }

  async waitCommit(txId: TxId, timeoutMs: number): Promise<CommitOutcome> {
    const waiting = this.#loop.mempool.get(txId);
    if (waiting === undefined) return this.#outcome(txId);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new CodedError('COMMIT_TIMEOUT')), timeoutMs);
      waiting.waiters.push({
        resolve: (outcome) => {
          clearTimeout(timer);
          resolve(outcome);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  #outcome(txId: TxId): CommitOutcome {
    this.#loop.requireOpen();
    const place = this.#parts.store.find(idBytes(txId));
    const block = place === undefined ? undefined : this.#loop.blocks.block(place.height);
    const result = block?.results[place?.index ?? -1];
    if (place === undefined || block === undefined || result === undefined) {
      const failure = this.#loop.mempool.failureOf(txId);
      if (failure !== undefined) throw failure;
      throw new CodedError('TX_UNKNOWN');
    }
    return { txId, height: place.height, timeMs: block.timeMs, index: place.index, result };
  }

  async query(
    table: string,
    key: Uint8Array,
    options: { readonly prove: boolean },
  ): Promise<StateAnswer> {
    this.#loop.requireOpen();
    this.#loop.refreshTime();
    return this.#parts.application.query(table, key, options.prove);
  }

  async heads(): Promise<HeadsAnswer> {
    this.#loop.requireOpen();
    return this.#parts.application.heads();
  }

  async logConsistency(log: LogName, from: number, to: number): Promise<readonly Uint8Array[]> {
    this.#loop.requireOpen();
    return this.#parts.application.logConsistency(log, from, to);
  }

  async block(height: number): Promise<CommittedBlock> {
    this.#loop.requireOpen();
    const block = height <= this.#loop.tip.height ? this.#loop.blocks.block(height) : undefined;
    if (block === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    return block;
  }

  async signedHeader(height: number): Promise<SignedHeader> {
    this.#loop.requireOpen();
    const signed = height <= this.#loop.tip.height ? this.#parts.store.signed(height) : undefined;
    if (signed === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    return { height, ...signed, validators: this.#parts.identity.validators };
  }

  /** What people need to check this ledger's receipts: its first header, its key, their witnesses. */
  async trustRoot(witnesses: readonly Uint8Array[] = []): Promise<TrustRoot> {
    const { header } = await this.signedHeader(1);
    return trustRootOf(decodeHeader(header), this.#parts.identity.genesisHash, witnesses);
  }

  async receipt(txId: TxId, timeoutMs: number): Promise<Uint8Array> {
    const deadline = performance.now() + timeoutMs;
    const { height, index, result } = await this.waitCommit(txId, timeoutMs);
    if (this.#loop.tip.height === height) {
      this.#loop.wantProof();
      await this.#untilHeight(height + 1, deadline);
    }
    const proof = this.#loop.blocks.proof(height, index);
    const next = this.#loop.blocks.signed(height + 1);
    return encodeReceipt({
      ...proof,
      height,
      index,
      result,
      nextHeader: next.header,
      nextCommit: next.commit,
      nextValidators: this.#parts.identity.validators,
      witnesses: [],
      changes: [],
      claim: undefined,
    });
  }

  /** Throws COMMIT_TIMEOUT. */
  async #untilHeight(height: number, deadline: number): Promise<void> {
    while (this.#loop.tip.height < height) {
      this.#loop.requireRunning();
      const left = deadline - performance.now();
      if (left <= 0) throw new CodedError('COMMIT_TIMEOUT');
      await this.#loop.nextBlock(left);
    }
  }

  async *subscribe(from: number, signal: AbortSignal): AsyncIterable<CommittedBlock> {
    let height = Math.max(1, from);
    while (!signal.aborted && !this.#loop.isClosed) {
      if (height <= this.#loop.tip.height) yield await this.block(height++);
      else await this.#loop.nextBlock(undefined, signal);
    }
  }

  async close(): Promise<void> {
    if (this.#loop.isClosed) return;
    await this.#loop.close();
    this.#parts.application.close();
    this.#parts.store.close();
    this.#parts.release();
  }
}

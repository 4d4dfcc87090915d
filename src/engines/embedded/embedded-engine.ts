import { sha256 } from '../../crypto/hash.ts';
import { decodeHeader } from '../../ledger/chain/header.ts';
import { encodeReceipt } from '../../ledger/chain/receipt.ts';
import { type TrustRoot, trustRootOf } from '../../ledger/chain/trust-root.ts';
import { CodedError } from '../../primitives/errors.ts';
import { idBytes, type TxId, txIdOf } from '../../primitives/ids.ts';
import type { Application, StateAnswer } from '../application.ts';
import type { CommitOutcome, CommittedBlock, LedgerEngine, SignedHeader } from '../engine.ts';
import { BlockCache } from './block-cache.ts';
import type { BlockStore, LedgerIdentity } from './block-store.ts';
import type { ClockGuard, ClockState } from './clock.ts';
import { type FaultPoint, isDiskFull } from './faults.ts';
import { makeBlock, maxBlockBytes, type Tip } from './make-block.ts';
import { Mempool, type Waiting } from './mempool.ts';
import type { VoteSigner } from './vote-signer.ts';

export interface Timing {
  /** How long a block gathers transactions when several are on their way. */
  readonly windowMs: number;
  /** The same while most of those on their way are still being checked: large blocks cost each less. */
  readonly gatherMs: number;
  /** The same when hardly anything is: one client should not wait for others that do not come. */
  readonly idleWindowMs: number;
  /** After a block with transactions, how long to wait for the next ones before the empty proof block. */
  readonly proofDelayMs: number;
  /** A signed time at least this often. */
  readonly heartbeatMs: number;
}

export const defaultTiming: Timing = {
  windowMs: 8,
  gatherMs: 32,
  idleWindowMs: 2,
  proofDelayMs: 20,
  heartbeatMs: 5 * 60_000,
};

export const maxBlockTxs = 1000;
/** More in flight than this, and a block waits the whole window. */
const busyFrom = 8;
/** How long until a clock or a disk that stops us is looked at again. */
const retryMs = 500;

export interface EngineParts {
  readonly identity: LedgerIdentity;
  readonly application: Application;
  readonly store: BlockStore;
  readonly signer: VoteSigner;
  readonly clock: ClockGuard;
  readonly tip: Tip;
  readonly timing: Timing;
  /** Who sent a transaction, to hold each sender to 200 in flight; undefined: not limited. */
  readonly senderOf: (tx: Uint8Array) => string | undefined;
  readonly faultPoint: FaultPoint;
  /** Told once when the engine stops for good. */
  readonly onFault: (error: unknown) => void;
  readonly release: () => void;
}

/**
 * One operator's ledger in this process: orders transactions, has the application judge them, signs and
 * stores blocks in CometBFT's formats. Made by `openEmbeddedEngine`.
 *
 * Commit order: finalizeBlock → header and self-signed commit → INSERT, COMMIT and flush of blocks.db (the
 * durable point) → application.commit() → answers. Source: docs/protocol/blocks.md, rules B-5 to B-8.
 */
export class EmbeddedEngine implements LedgerEngine {
  readonly #parts: EngineParts;
  readonly #mempool = new Mempool();
  readonly #blocks: BlockCache;
  readonly #newBlock = new Set<() => void>();
  #tip: Tip;
  #wake: () => void = () => {};
  #closed = false;
  #fault: { readonly error: unknown } | undefined;
  #loop: Promise<void> = Promise.resolve();
  /** Monotonic times; undefined: nothing of the kind. */
  #oldestQueuedAt: number | undefined;
  #stoppedSince: number | undefined;
  #lastBlockAt = performance.now();
  #proofNeeded = false;
  #proofWanted = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#tip = parts.tip;
    this.#blocks = new BlockCache(parts.store);
  }

  get chainId(): string {
    return this.#parts.identity.chainId;
  }

  /** The durable store, for verification, export and an operator's quota. */
  get store(): BlockStore {
    return this.#parts.store;
  }

  /** A new ledger begins with an empty block, whose header a trust root can name. */
  async start(): Promise<void> {
    const last = this.#tip.height;
    if (last === 0) await this.#makeBlock();
    else this.#proofNeeded = (this.#blocks.block(last)?.txs.length ?? 0) > 0;
    if (this.#fault !== undefined) throw this.#fault.error;
    this.#loop = this.#run();
  }

  status() {
    const { height, timeMs, appHash } = this.#tip;
    const since = this.#stoppedSince ?? this.#oldestQueuedAt;
    const stalledMs = since === undefined ? 0 : Math.floor(performance.now() - since);
    return { height, timeMs, appHash, stalledMs };
  }

  async submit(tx: Uint8Array): Promise<{ readonly code: number; readonly txId: TxId }> {
    this.#requireRunning();
    const idOfTx = sha256(tx);
    const txId = txIdOf(idOfTx);
    const known = this.#mempool.get(txId);
    if (known !== undefined) return { code: await known.checked, txId };
    if (this.#parts.store.find(idOfTx) !== undefined) return { code: 0, txId };
    const clock = this.#look();
    if (clock !== 'right') throw new CodedError(clock);

    const sender = this.#parts.senderOf(tx);
    const checked = Promise.resolve(0);
    const waiting: Waiting = { txId, idBytes: idOfTx, tx, sender, checked, waiters: [] };
    this.#mempool.enter(waiting);
    waiting.checked = this.#check(waiting);
    return { code: await waiting.checked, txId };
  }

  async #check(waiting: Waiting): Promise<number> {
    try {
      const nowMs = Math.max(this.#parts.clock.now(), this.#tip.timeMs + 1);
      const code = await this.#parts.application.checkTx(waiting.tx, nowMs);
      // Closed or failed meanwhile: whoever waited has been told.
      if (this.#mempool.get(waiting.txId) !== waiting) this.#requireRunning();
      if (code === 0) this.#enqueue(waiting);
      else this.#mempool.drop(waiting, new CodedError('TX_UNKNOWN'));
      return code;
    } catch (error) {
      if (this.#mempool.get(waiting.txId) === waiting) this.#mempool.drop(waiting, error);
      throw error;
    }
  }

  #enqueue(waiting: Waiting): void {
    const wereMostChecked = this.#areMostChecked();
    this.#mempool.queue(waiting);
    this.#oldestQueuedAt ??= performance.now();
    const isSooner = this.#areMostChecked() && !wereMostChecked;
    if (this.#mempool.queued === 1 || isSooner || this.#isFull()) this.#wake();
  }

  #areMostChecked(): boolean {
    return 2 * this.#mempool.queued >= this.#mempool.inFlight;
  }

  #isFull(): boolean {
    return this.#mempool.queued >= maxBlockTxs || this.#mempool.queuedBytes >= maxBlockBytes;
  }

  async waitCommit(txId: TxId, timeoutMs: number): Promise<CommitOutcome> {
    const waiting = this.#mempool.get(txId);
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
    this.#requireOpen();
    const place = this.#parts.store.find(idBytes(txId));
    const block = place === undefined ? undefined : this.#blocks.block(place.height);
    const result = block?.results[place?.index ?? -1];
    if (place === undefined || block === undefined || result === undefined) {
      const failure = this.#mempool.failureOf(txId);
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
    this.#requireOpen();
    // The machine slept, or was off: who asks now wants a time that was signed now.
    if (this.#heartbeatIn() <= 0) this.#wake();
    return this.#parts.application.query(table, key, options.prove);
  }

  async block(height: number): Promise<CommittedBlock> {
    this.#requireOpen();
    const block = height <= this.#tip.height ? this.#blocks.block(height) : undefined;
    if (block === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    return block;
  }

  async signedHeader(height: number): Promise<SignedHeader> {
    this.#requireOpen();
    const signed = height <= this.#tip.height ? this.#parts.store.signed(height) : undefined;
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
    if (this.#tip.height === height) {
      this.#proofWanted = true;
      this.#wake();
      await this.#untilHeight(height + 1, deadline);
    }
    const proof = this.#blocks.proof(height, index);
    const next = this.#blocks.signed(height + 1);
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
    while (this.#tip.height < height) {
      this.#requireRunning();
      const left = deadline - performance.now();
      if (left <= 0) throw new CodedError('COMMIT_TIMEOUT');
      await this.#nextBlock(left);
    }
  }

  /** Resolves at the next block, on close, or after `ms`. */
  #nextBlock(ms?: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => done(), ms);
      const done = () => {
        clearTimeout(timer);
        this.#newBlock.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#newBlock.add(done);
      signal?.addEventListener('abort', done);
    });
  }

  async *subscribe(from: number, signal: AbortSignal): AsyncIterable<CommittedBlock> {
    let height = Math.max(1, from);
    while (!signal.aborted && !this.#closed) {
      if (height <= this.#tip.height) yield await this.block(height++);
      else await this.#nextBlock(undefined, signal);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake();
    await this.#loop;
    this.#mempool.failAll(new CodedError('LEDGER_CLOSED'));
    for (const done of [...this.#newBlock]) done();
    this.#parts.application.close();
    this.#parts.store.close();
    this.#parts.release();
  }

  #requireOpen(): void {
    if (this.#closed) throw new CodedError('LEDGER_CLOSED');
  }

  #requireRunning(): void {
    this.#requireOpen();
    if (this.#fault !== undefined) throw new CodedError('LEDGER_STALLED', {}, this.#fault.error);
  }

  #look(): ClockState {
    const { height, timeMs } = this.#tip;
    return this.#parts.clock.look(height === 0 ? undefined : timeMs);
  }

  /** Milliseconds until a block is due; 0 or less: now. */
  #dueIn(): number {
    // Stopped by the clock or the disk: the loop tries again at its own pace, with an empty block if need be.
    if (this.#tip.height === 0 || this.#stoppedSince !== undefined) return 0;
    const now = performance.now();
    const { windowMs, gatherMs, idleWindowMs, proofDelayMs } = this.#parts.timing;
    if (this.#oldestQueuedAt !== undefined) {
      if (this.#isFull()) return 0;
      if (this.#mempool.inFlight < busyFrom) return this.#oldestQueuedAt + idleWindowMs - now;
      return this.#oldestQueuedAt + (this.#areMostChecked() ? windowMs : gatherMs) - now;
    }
    if (!this.#proofNeeded) return this.#heartbeatIn();
    return this.#proofWanted ? 0 : this.#lastBlockAt + proofDelayMs - now;
  }

  /** By the clock as well: the monotonic one stands still while the machine sleeps, and begins anew at start. */
  #heartbeatIn(): number {
    const { heartbeatMs } = this.#parts.timing;
    const byClock = this.#tip.timeMs + heartbeatMs - this.#parts.clock.now();
    return Math.min(byClock, this.#lastBlockAt + heartbeatMs - performance.now());
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#fault === undefined) {
      const due = this.#dueIn();
      if (due > 0) await this.#sleep(due);
      else if (!(await this.#makeBlock())) await this.#sleep(retryMs);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), Math.min(ms, 2 ** 31 - 1));
      // Waiting for a heartbeat alone keeps no process alive.
      if (ms > 1000) timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => {};
        resolve();
      };
    });
  }

  /** False: not now (clock, disk); try again later. A fault stops the engine. */
  async #makeBlock(): Promise<boolean> {
    if (this.#look() !== 'right') {
      this.#stoppedSince ??= performance.now();
      return false;
    }
    const taken = this.#mempool.take(maxBlockTxs, maxBlockBytes);
    this.#oldestQueuedAt = this.#mempool.queued > 0 ? performance.now() : undefined;
    try {
      const tip = await this.#makeDurable(taken);
      await this.#commitState(tip);
      this.#answer(taken, tip);
      this.#stoppedSince = undefined;
      return true;
    } catch (error) {
      const full = isDiskFull(error);
      if (!full) this.#stop(error);
      else this.#stoppedSince ??= performance.now();
      const answer = new CodedError(full ? 'DISK_FULL' : 'LEDGER_STALLED', {}, error);
      this.#parts.application.dropTxs?.(taken.map(({ tx }) => tx));
      for (const waiting of taken) this.#mempool.fail(waiting, answer);
      return false;
    }
  }

  /** Everything up to the durable point; after a throw the block does not exist. */
  async #makeDurable(taken: readonly Waiting[]): Promise<Tip> {
    const { application, store, signer, clock, faultPoint, identity } = this.#parts;
    const timeMs = Math.max(this.#tip.timeMs + 1, clock.now());
    const txs = taken.map((waiting) => waiting.tx);
    const txIds = taken.map((waiting) => waiting.idBytes);
    faultPoint('begin');
    const block = { height: this.#tip.height + 1, timeMs, txs };
    const { results, appHash } = await application.finalizeBlock(block);
    if (results.length !== txs.length) throw new CodedError('INTERNAL', { what: 'results' });
    faultPoint('finalized');
    const { stored, tip } = makeBlock(
      identity,
      this.#tip,
      { timeMs, txs, txIds, results, appHash },
      signer,
    );
    faultPoint('signed');
    store.append(stored, txIds, faultPoint);
    await store.flush();
    this.#blocks.add(stored, txIds);
    faultPoint('durable');
    return tip;
  }

  /** The block is final; a state that cannot be written now is replayed until it can. */
  async #commitState(tip: Tip): Promise<void> {
    const { application, faultPoint, clock } = this.#parts;
    try {
      application.commit();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      await this.#redo(tip);
    }
    clock.believe(tip.timeMs);
    this.#tip = tip;
    this.#lastBlockAt = performance.now();
    faultPoint('committed');
  }

  /** Executes the newest block again until its state finds room. */
  async #redo(tip: Tip): Promise<void> {
    const { application } = this.#parts;
    const txs = this.#blocks.block(tip.height)?.txs ?? [];
    this.#stoppedSince ??= performance.now();
    while (!this.#closed) {
      await this.#sleep(retryMs);
      try {
        await application.finalizeBlock({ height: tip.height, timeMs: tip.timeMs, txs });
        application.commit();
        return;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
      }
    }
    throw new CodedError('LEDGER_CLOSED');
  }

  #answer(taken: readonly Waiting[], tip: Tip): void {
    this.#proofNeeded = taken.length > 0;
    if (!this.#proofNeeded) this.#proofWanted = false;
    const { height, timeMs } = tip;
    const results = this.#blocks.block(height)?.results ?? [];
    for (const [index, waiting] of taken.entries()) {
      const result = results[index];
      if (result === undefined) throw new CodedError('INTERNAL', { what: 'results' });
      this.#mempool.settle(waiting, { txId: waiting.txId, height, timeMs, index, result });
    }
    for (const done of [...this.#newBlock]) done();
    this.#parts.faultPoint('answered');
  }

  #stop(error: unknown): void {
    this.#fault = { error };
    this.#stoppedSince ??= performance.now();
    this.#mempool.failAll(new CodedError('LEDGER_STALLED', {}, error));
    for (const done of [...this.#newBlock]) done();
    this.#parts.onFault(error);
  }
}

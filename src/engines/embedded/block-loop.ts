import { CodedError } from '../../primitives/errors.ts';
import type { Application } from '../application.ts';
import { BlockCache } from '../blocks/block-cache.ts';
import type { BlockStore } from '../blocks/block-store.ts';
import type { LedgerIdentity } from '../blocks/stored-block.ts';
import { isDiskFull } from '../disk-full.ts';
import type { ClockGuard, ClockState } from './clock.ts';
import type { FaultPoint } from './faults.ts';
import { makeBlock, maxBlockBytes, type Tip } from './make-block.ts';
import { Mempool, type Waiting } from './mempool.ts';
import { maxBlockTxs, Pace, type Timing } from './pace.ts';
import type { VoteSigner } from './vote-signer.ts';

/** How long until a clock or a disk that stops us is looked at again. */
const retryMs = 500;

export interface LoopParts {
  readonly identity: LedgerIdentity;
  readonly application: Application;
  readonly store: BlockStore;
  readonly signer: VoteSigner;
  readonly clock: ClockGuard;
  readonly tip: Tip;
  readonly timing: Timing;
  readonly faultPoint: FaultPoint;
  /** Told once when the engine stops for good. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Makes one block after the other of what waits in the mempool, for as long as clock, disk and application
 * allow.
 *
 * Commit order: finalizeBlock → header and self-signed commit → INSERT, COMMIT and flush of blocks.db (the
 * durable point) → application.commit() → answers. Source: docs/protocol/blocks.md, rules B-5 to B-8.
 */
export class BlockLoop {
  readonly mempool = new Mempool();
  readonly blocks: BlockCache;
  readonly pace: Pace;
  readonly #parts: LoopParts;
  readonly #onBlock = new Set<() => void>();
  #tip: Tip;
  #wake: () => void = () => {};
  #closed = false;
  #fault: { readonly error: unknown } | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#tip = parts.tip;
    this.blocks = new BlockCache(parts.store);
    this.pace = new Pace(parts.timing, this.mempool, parts.clock);
  }

  /** The newest block whose state was committed. */
  get tip(): Tip {
    return this.#tip;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** A new ledger begins with an empty block, whose header a trust root can name. */
  async start(): Promise<void> {
    const last = this.#tip.height;
    if (last === 0) await this.#makeBlock();
    else this.pace.proofNeeded((this.blocks.block(last)?.txs.length ?? 0) > 0);
    if (this.#fault !== undefined) throw this.#fault.error;
    this.#running = this.#run();
  }

  /** Answers when no block is being made any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#running;
    this.mempool.failAll(new CodedError('LEDGER_CLOSED'));
    this.#tellOfBlock();
  }

  /** Throws LEDGER_CLOSED. */
  requireOpen(): void {
    if (this.#closed) throw new CodedError('LEDGER_CLOSED');
  }

  /** Throws LEDGER_CLOSED, LEDGER_STALLED. */
  requireRunning(): void {
    this.requireOpen();
    if (this.#fault !== undefined) throw new CodedError('LEDGER_STALLED', {}, this.#fault.error);
  }

  lookAtClock(): ClockState {
    const { height, timeMs } = this.#tip;
    return this.#parts.clock.look(height === 0 ? undefined : timeMs);
  }

  enqueue(waiting: Waiting): void {
    const wereMostChecked = this.pace.areMostChecked();
    this.mempool.queue(waiting);
    this.pace.queued();
    const isSooner = this.pace.areMostChecked() && !wereMostChecked;
    if (this.mempool.queued === 1 || isSooner || this.pace.isFull()) this.#wake();
  }

  /** The machine slept, or was off: who asks now wants a time that was signed now. */
  refreshTime(): void {
    if (this.pace.heartbeatIn(this.#tip) <= 0) this.#wake();
  }

  /** The header after the newest block, at once: a receipt needs it. */
  wantProof(): void {
    this.pace.proofWanted();
    this.#wake();
  }

  /** Resolves at the next block, on close, or after `ms`. */
  nextBlock(ms?: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => done(), ms);
      const done = () => {
        clearTimeout(timer);
        this.#onBlock.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      this.#onBlock.add(done);
      signal?.addEventListener('abort', done);
    });
  }

  #tellOfBlock(): void {
    for (const done of [...this.#onBlock]) done();
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#fault === undefined) {
      const due = this.pace.dueIn(this.#tip);
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
    if (this.lookAtClock() !== 'right') {
      this.pace.stopped();
      return false;
    }
    const taken = this.mempool.take(maxBlockTxs, maxBlockBytes);
    this.pace.taken();
    try {
      const tip = await this.#makeDurable(taken);
      await this.#commitState(tip);
      this.#answer(taken, tip);
      this.pace.running();
      return true;
    } catch (error) {
      const full = isDiskFull(error);
      if (!full) this.#stop(error);
      else this.pace.stopped();
      const answer = new CodedError(full ? 'DISK_FULL' : 'LEDGER_STALLED', {}, error);
      this.#parts.application.dropTxs?.(taken.map(({ tx }) => tx));
      for (const waiting of taken) this.mempool.fail(waiting, answer);
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
    this.blocks.add(stored, txIds);
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
    this.pace.committed();
    faultPoint('committed');
  }

  /** Executes the newest block again until its state finds room. */
  async #redo(tip: Tip): Promise<void> {
    const { application } = this.#parts;
    const txs = this.blocks.block(tip.height)?.txs ?? [];
    this.pace.stopped();
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
    this.pace.proofNeeded(taken.length > 0);
    const { height, timeMs } = tip;
    const results = this.blocks.block(height)?.results ?? [];
    for (const [index, waiting] of taken.entries()) {
      const result = results[index];
      if (result === undefined) throw new CodedError('INTERNAL', { what: 'results' });
      this.mempool.settle(waiting, { txId: waiting.txId, height, timeMs, index, result });
    }
    this.#tellOfBlock();
    this.#parts.faultPoint('answered');
  }

  #stop(error: unknown): void {
    this.#fault = { error };
    this.pace.stopped();
    this.mempool.failAll(new CodedError('LEDGER_STALLED', {}, error));
    this.#tellOfBlock();
    this.#parts.onFault(error);
  }
}

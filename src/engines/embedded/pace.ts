import type { ClockGuard } from './clock.ts';
import { maxBlockBytes, type Tip } from './make-block.ts';
import type { Mempool } from './mempool.ts';

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

/** When the next block is due. Source: docs/protocol/blocks.md, rule B-8. */
export class Pace {
  readonly #timing: Timing;
  readonly #mempool: Mempool;
  readonly #clock: ClockGuard;
  /** Monotonic times; undefined: nothing of the kind. */
  #oldestQueuedAt: number | undefined;
  #stoppedSince: number | undefined;
  #lastBlockAt = performance.now();
  #proofNeeded = false;
  #proofWanted = false;

  constructor(timing: Timing, mempool: Mempool, clock: ClockGuard) {
    this.#timing = timing;
    this.#mempool = mempool;
    this.#clock = clock;
  }

  queued(): void {
    this.#oldestQueuedAt ??= performance.now();
  }

  /** A block took what it could from the queue. */
  taken(): void {
    this.#oldestQueuedAt = this.#mempool.queued > 0 ? performance.now() : undefined;
  }

  committed(): void {
    this.#lastBlockAt = performance.now();
  }

  /** Stopped by the clock or the disk, or for good. */
  stopped(): void {
    this.#stoppedSince ??= performance.now();
  }

  running(): void {
    this.#stoppedSince = undefined;
  }

  /** Whether the newest block has transactions, whose results only the next header proves. */
  proofNeeded(needed: boolean): void {
    this.#proofNeeded = needed;
    if (!needed) this.#proofWanted = false;
  }

  /** Somebody waits for the proof block. */
  proofWanted(): void {
    this.#proofWanted = true;
  }

  stalledMs(): number {
    const since = this.#stoppedSince ?? this.#oldestQueuedAt;
    return since === undefined ? 0 : Math.floor(performance.now() - since);
  }

  areMostChecked(): boolean {
    return 2 * this.#mempool.queued >= this.#mempool.inFlight;
  }

  isFull(): boolean {
    return this.#mempool.queued >= maxBlockTxs || this.#mempool.queuedBytes >= maxBlockBytes;
  }

  /** Milliseconds until a block is due; 0 or less: now. */
  dueIn(tip: Tip): number {
    // Stopped by the clock or the disk: the loop tries again at its own pace, with an empty block if need be.
    if (tip.height === 0 || this.#stoppedSince !== undefined) return 0;
    const now = performance.now();
    const { windowMs, gatherMs, idleWindowMs, proofDelayMs } = this.#timing;
    if (this.#oldestQueuedAt !== undefined) {
      if (this.isFull()) return 0;
      if (this.#mempool.inFlight < busyFrom) return this.#oldestQueuedAt + idleWindowMs - now;
      return this.#oldestQueuedAt + (this.areMostChecked() ? windowMs : gatherMs) - now;
    }
    if (!this.#proofNeeded) return this.heartbeatIn(tip);
    return this.#proofWanted ? 0 : this.#lastBlockAt + proofDelayMs - now;
  }

  /** By the clock as well: the monotonic one stands still while the machine sleeps, and begins anew at start. */
  heartbeatIn(tip: Tip): number {
    const { heartbeatMs } = this.#timing;
    const byClock = tip.timeMs + heartbeatMs - this.#clock.now();
    return Math.min(byClock, this.#lastBlockAt + heartbeatMs - performance.now());
  }
}

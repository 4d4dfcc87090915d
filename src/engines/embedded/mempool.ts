import { CodedError } from '../../primitives/errors.ts';
import type { TxId } from '../../primitives/ids.ts';
import type { CommitOutcome } from '../engine.ts';

/** A transaction between `submit` and its block. */
export interface Waiting {
  readonly txId: TxId;
  readonly idBytes: Uint8Array;
  readonly tx: Uint8Array;
  readonly sender: string | undefined;
  /** CheckTx's answer, for whoever hands the same bytes in meanwhile. */
  checked: Promise<number>;
  readonly waiters: Waiter[];
}

interface Waiter {
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export const maxInFlightPerSender = 200;
const maxInFlight = 20_000;
const maxInFlightBytes = 64 * 1024 * 1024;
const maxFailures = 1000;

/**
 * The transactions that wait for a block, in the order in which CheckTx let them in, and the callers that
 * wait for their outcome. Bounded in number, in bytes and per sender.
 */
export class Mempool {
  readonly #inFlight = new Map<TxId, Waiting>();
  readonly #perSender = new Map<string, number>();
  /** Why transactions that were let in did not reach a block, for callers that ask only afterwards. */
  readonly #failures = new Map<TxId, unknown>();
  #queue: Waiting[] = [];
  #bytes = 0;
  #queuedBytes = 0;

  get inFlight(): number {
    return this.#inFlight.size;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  get(txId: TxId): Waiting | undefined {
    return this.#inFlight.get(txId);
  }

  /** Throws SENDER_BUSY, LEDGER_BUSY. */
  enter(waiting: Waiting): void {
    const { sender, tx, txId } = waiting;
    if (this.#inFlight.size >= maxInFlight || this.#bytes + tx.length > maxInFlightBytes) {
      throw new CodedError('LEDGER_BUSY');
    }
    if (sender !== undefined) {
      const count = this.#perSender.get(sender) ?? 0;
      if (count >= maxInFlightPerSender) throw new CodedError('SENDER_BUSY');
      this.#perSender.set(sender, count + 1);
    }
    this.#inFlight.set(txId, waiting);
    this.#failures.delete(txId);
    this.#bytes += tx.length;
  }

  /** CheckTx let it in: it is ordered from now on. */
  queue(waiting: Waiting): void {
    this.#queue.push(waiting);
    this.#queuedBytes += waiting.tx.length;
  }

  /** The next block's transactions, oldest first. They stay in flight until settled or failed. */
  take(maxTxs: number, maxBytes: number): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (const { tx } of this.#queue) {
      if (count >= maxTxs || bytes + tx.length > maxBytes) break;
      count += 1;
      bytes += tx.length;
    }
    const taken = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    this.#queuedBytes -= bytes;
    return taken;
  }

  #leave({ txId, tx, sender }: Waiting): void {
    this.#inFlight.delete(txId);
    this.#bytes -= tx.length;
    if (sender === undefined) return;
    const left = (this.#perSender.get(sender) ?? 1) - 1;
    if (left === 0) this.#perSender.delete(sender);
    else this.#perSender.set(sender, left);
  }

  settle(waiting: Waiting, outcome: CommitOutcome): void {
    this.#leave(waiting);
    for (const { resolve } of waiting.waiters) resolve(outcome);
  }

  /** CheckTx did not let it in. */
  drop(waiting: Waiting, error: unknown): void {
    this.#leave(waiting);
    for (const { reject } of waiting.waiters) reject(error);
  }

  /** It was let in, and no block could be made of it. */
  fail(waiting: Waiting, error: unknown): void {
    this.drop(waiting, error);
    this.#failures.set(waiting.txId, error);
    if (this.#failures.size > maxFailures) {
      const [oldest] = this.#failures.keys();
      if (oldest !== undefined) this.#failures.delete(oldest);
    }
  }

  failureOf(txId: TxId): unknown {
    return this.#failures.get(txId);
  }

  failAll(error: unknown): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const waiting of [...this.#inFlight.values()]) this.fail(waiting, error);
  }
}

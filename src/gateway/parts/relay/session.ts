import type { RelaySlot } from '../../../api/relay.ts';
import type { AccountId } from '../../../primitives/ids.ts';

/** One session between two devices: its slots, who waits for them, and what ends with it. */
export class RelaySession {
  readonly account: AccountId;
  readonly endsMs: number;
  readonly #ended = new AbortController();
  readonly #slots = new Map<RelaySlot, Uint8Array>();
  readonly #waiting = new Set<() => void>();

  constructor(account: AccountId, endsMs: number) {
    this.account = account;
    this.endsMs = endsMs;
  }

  /** Aborted when the session ends: what still comes for it is not read on. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get waitingReaders(): number {
    return this.#waiting.size;
  }

  /** What its slots hold. */
  get bytes(): number {
    let bytes = 0;
    for (const slot of this.#slots.values()) bytes += slot.length;
    return bytes;
  }

  get(slot: RelaySlot): Uint8Array | undefined {
    return this.#slots.get(slot);
  }

  /** Each slot once; whether it was free is the caller's to look. */
  fill(slot: RelaySlot, bytes: Uint8Array): void {
    this.#slots.set(slot, bytes);
    this.#wake();
  }

  end(): void {
    this.#slots.clear();
    this.#ended.abort();
    this.#wake();
  }

  /** Resolves at the next change, when `waitMs` is over, or when the reader is gone. */
  changed(waitMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        gone.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, waitMs);
      timer.unref();
      gone.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
      if (gone.aborted) wake();
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

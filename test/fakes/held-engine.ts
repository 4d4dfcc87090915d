import type { CommittedBlock, LedgerEngine } from '../../src/engines/engine.ts';
import { CodedError } from '../../src/primitives/errors.ts';
import type { TxId } from '../../src/primitives/ids.ts';

/** A real engine that a test can make stand still: what is handed in while it is held waits for `release`. */
export class HeldEngine implements LedgerEngine {
  readonly #engine: LedgerEngine;
  #held: Promise<void> | undefined;
  #release: () => void = () => {};
  #giveUp = false;
  #stalledMs = 0;

  constructor(engine: LedgerEngine) {
    this.#engine = engine;
  }

  /** From now on nothing is handed on. */
  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#release();
    this.#held = undefined;
    this.#giveUp = false;
    this.#stalledMs = 0;
  }

  /** As if the time that callers wait had passed. */
  giveUp(): void {
    this.#giveUp = true;
    this.#release();
  }

  standStill(ms: number): void {
    this.#stalledMs = ms;
  }

  get chainId(): string {
    return this.#engine.chainId;
  }

  status() {
    return { ...this.#engine.status(), stalledMs: this.#stalledMs };
  }

  async submit(tx: Uint8Array) {
    await this.#held;
    if (this.#giveUp) throw new CodedError('COMMIT_TIMEOUT');
    return this.#engine.submit(tx);
  }

  waitCommit(txId: TxId, timeoutMs: number) {
    return this.#engine.waitCommit(txId, timeoutMs);
  }

  query(table: string, key: Uint8Array, options: { readonly prove: boolean }) {
    return this.#engine.query(table, key, options);
  }

  block(height: number) {
    return this.#engine.block(height);
  }

  signedHeader(height: number) {
    return this.#engine.signedHeader(height);
  }

  receipt(txId: TxId, timeoutMs: number) {
    return this.#engine.receipt(txId, timeoutMs);
  }

  subscribe(from: number, signal: AbortSignal): AsyncIterable<CommittedBlock> {
    return this.#engine.subscribe(from, signal);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

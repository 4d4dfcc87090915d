import type { CommittedBlock, LedgerEngine } from '../../src/engines/engine.ts';
import { decodeTx } from '../../src/ledger/codec.ts';
import type { Act } from '../../src/ledger/protocol.ts';
import type { LogName } from '../../src/ledger/shapes.ts';
import { CodedError } from '../../src/primitives/errors.ts';
import type { TxId } from '../../src/primitives/ids.ts';

/** A real engine that a test can make stand still: what is handed in while it is held waits for `release`. */
export class HeldEngine implements LedgerEngine {
  readonly #engine: LedgerEngine;
  #held: Promise<void> | undefined;
  #release: () => void = () => {};
  #giveUp = false;
  #stalledMs = 0;
  #only: Act['kind'] | undefined;
  /** Transactions that are held back now, and all that came. */
  waiting = 0;
  submitted = 0;

  constructor(engine: LedgerEngine) {
    this.#engine = engine;
  }

  /** From now on nothing is handed on, or no transaction with an act of this kind. */
  hold(only?: Act['kind']): void {
    this.#only = only;
    this.#giveUp = false;
    this.#held = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#release();
    this.#held = undefined;
    this.#stalledMs = 0;
  }

  /** As if the time that callers wait had passed. */
  giveUp(): void {
    this.#giveUp = true;
    this.#release();
  }

  /** What is handed in comes through, and nobody is told. */
  silent = false;

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
    this.submitted += 1;
    const only = this.#only;
    const isHeld = only === undefined || decodeTx(tx).body.acts.some(({ kind }) => kind === only);
    if (isHeld && this.#held !== undefined) {
      this.waiting += 1;
      await this.#held;
      this.waiting -= 1;
      if (this.#giveUp) throw new CodedError('COMMIT_TIMEOUT');
    }
    return this.#engine.submit(tx);
  }

  async waitCommit(txId: TxId, timeoutMs: number) {
    if (this.silent) throw new CodedError('COMMIT_TIMEOUT');
    return this.#engine.waitCommit(txId, timeoutMs);
  }

  query(table: string, key: Uint8Array, options: { readonly prove: boolean }) {
    return this.#engine.query(table, key, options);
  }

  heads() {
    return this.#engine.heads();
  }

  logConsistency(log: LogName, from: number, to: number) {
    return this.#engine.logConsistency(log, from, to);
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

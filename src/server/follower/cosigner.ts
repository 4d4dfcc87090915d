import { Bell } from '../../engines/bell.ts';
import type { VoteSigner } from '../../engines/embedded/vote-signer.ts';
import type { SignedHeader } from '../../engines/engine.ts';
import { witnessMessage } from '../../ledger/chain/receipt.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { type CodedError, isCoded } from '../../primitives/errors.ts';
import { type LedgerPoint, pointOf } from '../../sdk/ledger/ledger-point.ts';
import type { HandedHeight, WitnessRecord } from '../witness/record.ts';
import { isNewNow } from '../witness/witness.ts';
import { answerOf } from './operator-source.ts';

/** Takes signatures of this witness: the operator's server, and this hospital's own gateway. */
export interface SignatureKeeper {
  readonly name: string;
  keep(publicKey: Uint8Array, signatures: readonly HandedHeight[]): Promise<unknown>;
}

export interface CosignerParts {
  readonly record: WitnessRecord;
  readonly signer: VoteSigner;
  readonly trustRoot: TrustRoot;
  readonly now?: () => number;
  /** Told once when a keeper does not take what is handed over, until it does. */
  readonly onRefused?: (keeper: string, error: CodedError) => void;
}

/** Headers that are too old to sign are written down together. */
const mostWaiting = 256;
const handedAtOnce = 256;
const retryMs = 5_000;

/**
 * The witness in a follower: signs each header once its block was executed here, and hands its signatures over until they are
 * taken. Source: docs/protocol/following.md, rules F-6, F-7 and F-15.
 */
export class Cosigner {
  readonly #parts: CosignerParts;
  readonly #signed = new Bell();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  #waiting: LedgerPoint[] = [];

  constructor(parts: CosignerParts) {
    this.#parts = parts;
  }

  get publicKey(): Uint8Array {
    return this.#parts.signer.publicKey;
  }

  /** In order, from the first or from the one after the last that was written down. */
  meet(signed: SignedHeader): void {
    const { record, trustRoot, signer, now = Date.now } = this.#parts;
    const point = pointOf(answerOf(signed));
    if (point.header.height <= record.lastHeight() + this.#waiting.length) return;
    this.#waiting.push(point);
    const isNew = isNewNow(msOfTimestamp(point.header.time), now());
    if (!isNew && this.#waiting.length < mostWaiting) return;
    this.settle();
    if (!isNew) return;
    // On disk before it is signed (F-7).
    const { height } = point.header;
    const message = witnessMessage(trustRoot.chain, height, point.headerHash);
    record.keep(new Map([[height, signer.sign(message)]]));
    this.#signed.ring();
  }

  /** Writes down what waits. */
  settle(): void {
    const last = this.#waiting.at(-1);
    if (last === undefined) return;
    this.#parts.record.advance(this.#waiting, last);
    this.#waiting = [];
  }

  /** From now on, and what it has not had yet. */
  handTo(keeper: SignatureKeeper): void {
    this.#running.push(this.#hand(keeper));
  }

  async #hand(keeper: SignatureKeeper): Promise<void> {
    const { record, onRefused = () => {} } = this.#parts;
    const { signal } = this.#stop;
    let isRefused = false;
    while (!signal.aborted) {
      const batch = record.toHand(keeper.name, handedAtOnce);
      const last = batch.at(-1);
      if (last === undefined) {
        await this.#signed.next(undefined, signal);
        continue;
      }
      try {
        await keeper.keep(this.publicKey, batch);
        record.handed(keeper.name, last.height);
        isRefused = false;
      } catch (error) {
        if (signal.aborted) return;
        if (!isCoded(error)) throw error;
        if (!isRefused) onRefused(keeper.name, error);
        isRefused = true;
        await new Bell().next(retryMs, signal);
      }
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
    this.settle();
  }
}

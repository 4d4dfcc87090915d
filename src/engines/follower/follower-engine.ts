import { sha256 } from '../../crypto/hash.ts';
import { encodeReceipt } from '../../ledger/chain/receipt.ts';
import type { LogName } from '../../ledger/shapes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { idBytes, type TxId, txIdOf } from '../../primitives/ids.ts';
import type { HeadsAnswer, StateAnswer } from '../application.ts';
import { BlockCache } from '../blocks/block-cache.ts';
import type { CommitOutcome, CommittedBlock, LedgerEngine, SignedHeader } from '../engine.ts';
import { FollowedChain, type FollowedParts } from './followed-chain.ts';

/** How many that were handed on are remembered until a block has them. */
const mostSubmitted = 20_000;

export interface FollowerParts extends FollowedParts {
  readonly release: () => void;
}

/**
 * A ledger that somebody else orders, in this hospital's own hands: every block of it verified, executed and kept here, so that
 * everything that is read is this machine's own; what is handed in goes to whoever orders. Once it is shown two histories it
 * answers nothing as current any more, and says which. Made by `openFollowerEngine`.
 * Source: docs/protocol/following.md, rules F-13 to F-15.
 */
export class FollowerEngine implements LedgerEngine {
  readonly #parts: FollowerParts;
  readonly #chain: FollowedChain;
  readonly #blocks: BlockCache;
  /** What was handed on, and since when it waits. */
  readonly #submitted = new Map<TxId, number>();

  constructor(parts: FollowerParts) {
    this.#parts = parts;
    this.#blocks = new BlockCache(parts.store);
    this.#chain = new FollowedChain({
      ...parts,
      onBlock: (block, txIds) => {
        this.#blocks.add(block, txIds);
        for (const id of txIds) this.#submitted.delete(txIdOf(id));
      },
    });
  }

  start(): Promise<void> {
    return this.#chain.start();
  }

  get chainId(): string {
    return this.#parts.identity.chainId;
  }

  status() {
    const { height, timeMs, appHash } = this.#chain.tip;
    return { height, timeMs, appHash, stalledMs: this.#stalledMs() };
  }

  /** Since when nobody answers, or the oldest that waits has waited. */
  #stalledMs(): number {
    const [oldest] = this.#submitted.values();
    const waitedMs = oldest === undefined ? 0 : Math.floor(performance.now() - oldest);
    return Math.max(waitedMs, this.#chain.silentMs());
  }

  /** Throws what the source throws: GATEWAY_UNREACHABLE, LEDGER_BUSY. */
  async submit(tx: Uint8Array): Promise<{ readonly code: number; readonly txId: TxId }> {
    this.#chain.requireCurrent();
    const hash = sha256(tx);
    const txId = txIdOf(hash);
    if (this.#parts.store.find(hash) !== undefined) return { code: 0, txId };
    const { code } = await this.#parts.source.submit(tx);
    if (code === 0) this.#remember(txId, hash);
    this.#chain.lookNow();
    return { code, txId };
  }

  #remember(txId: TxId, hash: Uint8Array): void {
    // Its block may have come while it was handed on.
    if (this.#parts.store.find(hash) !== undefined || this.#submitted.has(txId)) return;
    this.#submitted.set(txId, performance.now());
    if (this.#submitted.size <= mostSubmitted) return;
    const [oldest] = this.#submitted.keys();
    if (oldest !== undefined) this.#submitted.delete(oldest);
  }

  async waitCommit(txId: TxId, timeoutMs: number): Promise<CommitOutcome> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      this.#chain.requireCurrent();
      const outcome = this.#outcome(txId);
      if (outcome !== undefined) return outcome;
      if (!this.#submitted.has(txId)) throw new CodedError('TX_UNKNOWN');
      await this.#until(deadline);
    }
  }

  /** One block more. Throws COMMIT_TIMEOUT. */
  async #until(deadline: number): Promise<void> {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) throw new CodedError('COMMIT_TIMEOUT');
    await this.#chain.next(leftMs);
  }

  #outcome(txId: TxId): CommitOutcome | undefined {
    const place = this.#parts.store.find(idBytes(txId));
    if (place === undefined || place.height > this.#chain.tip.height) return undefined;
    const block = this.#blocks.block(place.height);
    const result = block?.results[place.index];
    if (block === undefined || result === undefined) return undefined;
    return { txId, height: place.height, timeMs: block.timeMs, index: place.index, result };
  }

  async query(
    table: string,
    key: Uint8Array,
    { prove }: { readonly prove: boolean },
  ): Promise<StateAnswer> {
    this.#chain.requireCurrent();
    return this.#parts.application.query(table, key, prove);
  }

  async heads(): Promise<HeadsAnswer> {
    this.#chain.requireCurrent();
    return this.#parts.application.heads();
  }

  async logConsistency(log: LogName, from: number, to: number): Promise<readonly Uint8Array[]> {
    this.#chain.requireCurrent();
    return this.#parts.application.logConsistency(log, from, to);
  }

  /** Also after a fork: what was verified here stays what it was. */
  async block(height: number): Promise<CommittedBlock> {
    this.#chain.requireOpen();
    const block = height <= this.#chain.tip.height ? this.#blocks.block(height) : undefined;
    if (block === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    return block;
  }

  /** Also after a fork: it is one half of the evidence. */
  async signedHeader(height: number): Promise<SignedHeader> {
    this.#chain.requireOpen();
    const { store, identity } = this.#parts;
    const signed = height <= this.#chain.tip.height ? store.signed(height) : undefined;
    if (signed === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
    return { height, ...signed, validators: identity.validators };
  }

  async receipt(txId: TxId, timeoutMs: number): Promise<Uint8Array> {
    const deadline = performance.now() + timeoutMs;
    const { height, index, result } = await this.waitCommit(txId, timeoutMs);
    while (this.#chain.tip.height === height) {
      await this.#until(deadline);
      this.#chain.requireCurrent();
    }
    const next = this.#blocks.signed(height + 1);
    return encodeReceipt({
      ...this.#blocks.proof(height, index),
      ...{ height, index, result },
      nextHeader: next.header,
      nextCommit: next.commit,
      nextValidators: this.#parts.identity.validators,
      witnesses: [],
      changes: [],
      claim: undefined,
    });
  }

  async *subscribe(from: number, signal: AbortSignal): AsyncIterable<CommittedBlock> {
    let height = Math.max(1, from);
    while (!signal.aborted && !this.#chain.isClosed) {
      if (height <= this.#chain.tip.height) yield await this.block(height++);
      else await this.#chain.next(undefined, signal);
    }
  }

  async close(): Promise<void> {
    if (this.#chain.isClosed) return;
    await this.#chain.close();
    this.#parts.application.close();
    this.#parts.store.close();
    this.#parts.release();
  }
}

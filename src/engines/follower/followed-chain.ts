import { sha256 } from '../../crypto/hash.ts';
import { emptyRoot } from '../../ledger/chain/commit.ts';
import { decodeHeader, type Header, headerHashBytes } from '../../ledger/chain/header.ts';
import type { VerifyVote } from '../../ledger/chain/light-client.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { Application } from '../application.ts';
import { Bell } from '../bell.ts';
import type { BlockStore } from '../blocks/block-store.ts';
import { dataHash, resultsHash } from '../blocks/roots.ts';
import type { LedgerIdentity, StoredBlock } from '../blocks/stored-block.ts';
import { isDiskFull } from '../disk-full.ts';
import type { CommittedBlock, SignedHeader } from '../engine.ts';
import { forked, judgeNext, partsOf } from './next-header.ts';
import type { LedgerSource } from './source.ts';

const askedAtOnce = 16;
const askEveryMs = 500;
const mostWaitMs = 15_000;

/** What does not fit together: the header that is believed, and those that were shown. */
export interface FollowedEvidence {
  readonly known: SignedHeader | undefined;
  readonly shown: readonly SignedHeader[];
}

export interface FollowedParts {
  readonly identity: LedgerIdentity;
  readonly trustRoot: TrustRoot;
  readonly source: LedgerSource;
  readonly store: BlockStore;
  readonly application: Application;
  readonly verifyVote: VerifyVote;
  readonly now: () => number;
  readonly askEveryMs?: number | undefined;
  /** The first height that `onHeader` was not told yet; missing: it was told all that are kept. */
  readonly untoldFrom?: number | undefined;
  /** Each header once it is verified and its block executed and on disk, in order: what a witness signs. */
  readonly onHeader: (signed: SignedHeader) => Promise<void> | void;
  /** Nothing that the source shows is believed any more. */
  readonly onFault: (error: unknown, evidence: FollowedEvidence) => void;
}

interface ChainParts extends FollowedParts {
  readonly onBlock: (block: StoredBlock, txIds: readonly Uint8Array[]) => void;
}

interface Shown {
  readonly signed: SignedHeader;
  readonly block: Pick<CommittedBlock, 'txs' | 'results'>;
}

/**
 * Goes along a ledger block by block: each is verified, executed, kept on disk, and then the next. What does not fit ends it for
 * good; that nobody answers does not. Source: docs/protocol/following.md, rules F-13 and F-14.
 */
export class FollowedChain {
  readonly #parts: ChainParts;
  readonly #bell = new Bell();
  readonly #looks = new Bell();
  readonly #stop = new AbortController();
  #tip: { readonly height: number; readonly timeMs: number; readonly appHash: Uint8Array };
  #last: Header | undefined;
  #lastResultsHash: Uint8Array;
  #silentSince: number | undefined;
  #isWanted = false;
  #fault: CodedError | undefined;
  /** Answers that did not fit. */
  #shown: SignedHeader[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ChainParts) {
    this.#parts = parts;
    const { store, identity, application } = parts;
    const newest = store.block(store.lastHeight());
    const { appHash } = application.info();
    this.#tip = newest ?? { height: 0, timeMs: identity.genesisMs, appHash };
    this.#last = newest && decodeHeader(newest.header);
    this.#lastResultsHash = newest === undefined ? emptyRoot : resultsHash(newest.results);
  }

  get tip() {
    return this.#tip;
  }

  get isClosed(): boolean {
    return this.#stop.signal.aborted;
  }

  /** 0: it answers. */
  silentMs(): number {
    return this.#silentSince === undefined ? 0 : Math.floor(performance.now() - this.#silentSince);
  }

  /** Throws LEDGER_CLOSED. */
  requireOpen(): void {
    if (this.isClosed) throw new CodedError('LEDGER_CLOSED');
  }

  /** Throws LEDGER_CLOSED, and what ended it. */
  requireCurrent(): void {
    this.requireOpen();
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Resolves at the next block, after `timeoutMs`, at the signal, or when this is closed. */
  async next(timeoutMs?: number, signal?: AbortSignal): Promise<void> {
    if (!this.isClosed) await this.#bell.next(timeoutMs, signal);
  }

  /** Something was handed in: its block is about to come. */
  lookNow(): void {
    this.#isWanted = true;
    this.#looks.ring();
  }

  /**
   * Resolves when what is shown now is kept; of a ledger that stands here already, whether anybody answers or not. Throws what does
   * not fit, and where nothing is kept yet what kept it from beginning.
   */
  async start(): Promise<void> {
    await this.#tellKept();
    try {
      await this.#catchUp();
    } catch (error) {
      if (!isPassing(error)) throw await this.#end(error);
      if (this.#tip.height === 0) throw error;
      this.#silentSince = performance.now();
    }
    this.#running = this.#follow();
  }

  /** What a crash came before. */
  async #tellKept(): Promise<void> {
    const { untoldFrom, onHeader } = this.#parts;
    for (let height = untoldFrom ?? this.#tip.height + 1; height <= this.#tip.height; height++) {
      const kept = this.#kept(height);
      if (kept !== undefined) await onHeader(kept);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#looks.ring();
    this.#bell.ring();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const every = this.#parts.askEveryMs ?? askEveryMs;
    let waitMs = every;
    while (!this.isClosed) {
      // Asked for while the last look was on its way: looked again at once, and soon after.
      if (!this.#isWanted) await this.#looks.next(waitMs);
      const wasWanted = this.#isWanted;
      this.#isWanted = false;
      if (this.isClosed) return;
      try {
        const height = this.#tip.height;
        await this.#catchUp();
        this.#silentSince = undefined;
        waitMs =
          wasWanted || this.#tip.height > height
            ? Math.min(20, every)
            : Math.min(every, 2 * waitMs);
      } catch (error) {
        if (this.isClosed) return;
        if (!isPassing(error)) {
          await this.#end(error);
          return;
        }
        this.#silentSince ??= performance.now();
        waitMs = Math.min(mostWaitMs, 2 * Math.max(waitMs, every));
      }
    }
  }

  async #end(error: unknown): Promise<unknown> {
    const found = isCoded(error, 'LEDGER_FORKED') ? await this.#firstFork(error) : error;
    if (!isCoded(found)) {
      this.#fault = new CodedError('INTERNAL', {}, found);
    } else this.#fault = found;
    this.#bell.ring();
    const { height } = this.#tip;
    const known = height === 0 ? undefined : this.#kept(height);
    this.#parts.onFault(found, { known, shown: this.#shown });
    return found;
  }

  async #catchUp(): Promise<void> {
    const { source } = this.#parts;
    const newest = await source.newest();
    const { height: known } = this.#tip;
    const shown = partsOf(newest).header;
    if (shown.height < known) {
      throw this.#doesNotFit(
        new CodedError('GATEWAY_LIED', { height: shown.height, known }),
        newest,
      );
    }
    if (shown.height === known && this.#last !== undefined) {
      const [mine, theirs] = [headerHashBytes(this.#last), headerHashBytes(shown)];
      if (!equalBytes(mine, theirs)) throw this.#doesNotFit(forked(known, mine, theirs), newest);
    }
    for (let at = known + 1; at <= shown.height; at += askedAtOnce) {
      const count = Math.min(askedAtOnce, shown.height - at + 1);
      const heights = Array.from({ length: count }, (_, index) => at + index);
      for (const one of await Promise.all(heights.map((height) => this.#fetch(height)))) {
        if (this.isClosed) return;
        await this.#take(one);
      }
    }
  }

  async #fetch(height: number): Promise<Shown> {
    const { source } = this.#parts;
    const [signed, block] = await Promise.all([source.signedHeader(height), source.block(height)]);
    return { signed, block };
  }

  async #take({ signed, block }: Shown): Promise<void> {
    const { identity, trustRoot, application, store, now, verifyVote } = this.#parts;
    const { header } = await this.#judged(
      signed,
      {
        ...{ identity, trustRoot, last: this.#last, nowMs: now() },
        ...{ appHash: this.#tip.appHash, lastResultsHash: this.#lastResultsHash },
      },
      verifyVote,
    );
    const { height } = header;
    const txIds = block.txs.map((tx) => sha256(tx));
    const broken = (what: string) =>
      this.#doesNotFit(new CodedError('LEDGER_CORRUPT', { height, what }), signed);
    if (!equalBytes(header.dataHash, dataHash(txIds))) throw broken('data');
    const timeMs = msOfTimestamp(header.time);
    application.requireNext?.();
    const { results, appHash } = await application.finalizeBlock({
      height,
      timeMs,
      txs: block.txs,
    });
    const mine = resultsHash(results);
    if (!equalBytes(mine, resultsHash(block.results))) throw broken('result');
    const stored: StoredBlock = {
      ...{ height, timeMs, header: signed.header, commit: signed.commit },
      ...{ txs: block.txs, results, appHash },
    };
    store.append(stored, txIds);
    await store.flush();
    application.commit();
    this.#tip = stored;
    this.#last = header;
    this.#lastResultsHash = mine;
    this.#parts.onBlock(stored, txIds);
    await this.#parts.onHeader(signed);
    this.#bell.ring();
  }

  async #judged(
    signed: SignedHeader,
    known: Parameters<typeof judgeNext>[0],
    verifyVote: VerifyVote,
  ): ReturnType<typeof judgeNext> {
    try {
      return await judgeNext(known, signed, verifyVote);
    } catch (error) {
      if (!isCoded(error, 'LEDGER_FORKED')) throw this.#doesNotFit(error, signed);
      // The other header of the known height is the plainer evidence, where it is shown.
      const height = Number(error.details.height);
      const other = await this.#parts.source.signedHeader(height).catch(() => undefined);
      throw this.#doesNotFit(error, signed, ...(other === undefined ? [] : [other]));
    }
  }

  /** The lowest height of which another header is shown than is kept here: from there on all differ. */
  async #firstFork(found: CodedError): Promise<CodedError> {
    const { store, source } = this.#parts;
    let low = 1;
    let high = Number(found.details.height);
    try {
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const kept = store.signed(middle);
        const shown = partsOf(await source.signedHeader(middle)).header;
        const isSame =
          kept !== undefined &&
          equalBytes(headerHashBytes(decodeHeader(kept.header)), headerHashBytes(shown));
        if (isSame) low = middle + 1;
        else high = middle;
      }
    } catch (error) {
      // It shows no more: what was found stands.
      if (!isCoded(error)) throw error;
      return found;
    }
    return new CodedError('LEDGER_FORKED', { ...found.details, firstHeight: low }, found);
  }

  #kept(height: number): SignedHeader | undefined {
    const { store, identity } = this.#parts;
    const signed = store.signed(height);
    return signed && { height, ...signed, validators: identity.validators };
  }

  #doesNotFit(error: unknown, ...shown: readonly SignedHeader[]): unknown {
    this.#shown = [...shown];
    return error;
  }
}

/** Nothing that speaks against the ledger: no answer, one that comes from something on the way, a clock or a disk. */
function isPassing(error: unknown): boolean {
  if (isDiskFull(error)) return true;
  if (!isCoded(error) || error.code === 'LEDGER_NEWER') return false;
  if (error.kind === 'unavailable' || error.code === 'HEIGHT_UNKNOWN') return true;
  if (error.code === 'GATEWAY_LIED') return error.details.height === undefined;
  return error.code === 'HEADER_INVALID' && error.details.reason === 'future';
}

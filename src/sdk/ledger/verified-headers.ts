import { headerGet } from '../../api/routes/header-get.ts';
import type { HeaderAnswer } from '../../api/tx.ts';
import { verifyVote } from '../../crypto/signature.ts';
import { follows } from '../../ledger/chain/hand-over.ts';
import type { Header } from '../../ledger/chain/header.ts';
import { verifySigned } from '../../ledger/chain/light-client.ts';
import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { GatewayClient } from '../client/gateway-client.ts';
import { orStopped, pause } from '../client/http.ts';
import { headerPartsOf } from './header-answer.ts';
import { TrustedSets } from './trusted-sets.ts';
import { Vouching } from './vouching.ts';

/** The newest header somebody verified: what a wallet keeps between visits. */
export interface VerifiedTip {
  readonly height: number;
  readonly headerHash: Uint8Array;
  readonly timeMs: number;
}

interface VerifiedHeader {
  readonly header: Header;
  readonly headerHash: Uint8Array;
}

/** The proof block follows at once; so long we wait for it. */
const headerWaitMs = 10_000;

/** Headers that are remembered, to notice another one of the same height. */
const maxKnownHeaders = 4_096;

const linkedAtOnce = 16;

/**
 * The headers of one ledger as a device believes them: signed by the trusted validators, never an older tip
 * than was seen before, and never two of one height.
 *
 * Throws HEADER_INVALID, LEDGER_FORKED (with both header hashes), GATEWAY_LIED (an older or another block),
 * LEDGER_STALLED, WITNESSES_FEW, and what the gateway refuses. Source: docs/protocol/wallet.md, rules W-11 and W-13.
 */
export class VerifiedHeaders {
  readonly trustRoot: TrustRoot;
  readonly #gateway: GatewayClient;
  readonly #headers = new Map<number, Promise<VerifiedHeader>>();
  /** Header hashes by height: every header that was verified here, and what the wallet kept. */
  readonly #known = new Map<number, Uint8Array>();
  /** What was known before this visit (the wallet's tip, or the trust root), until this gateway has shown it. */
  #unseen: number | undefined;
  #showing: Promise<unknown> | undefined;
  #tip: VerifiedTip;
  readonly #sets: TrustedSets;
  readonly #vouching: Vouching;

  constructor(gateway: GatewayClient, trustRoot: TrustRoot, tip?: VerifiedTip) {
    this.#gateway = gateway;
    this.trustRoot = trustRoot;
    const rootHash = hexToBytes(trustRoot.headerHash) ?? new Uint8Array(0);
    this.#known.set(trustRoot.height, rootHash);
    if (tip !== undefined) this.#known.set(tip.height, tip.headerHash);
    this.#unseen = tip?.height ?? trustRoot.height;
    this.#tip = tip ?? { height: trustRoot.height, headerHash: rootHash, timeMs: 0 };
    this.#vouching = new Vouching(trustRoot, (height, signal) =>
      gateway.call(headerGet, { params: { height }, signal }),
    );
    this.#sets = new TrustedSets({
      chainId: trustRoot.chain,
      root: {
        ...{ height: trustRoot.height, headerHash: rootHash },
        set: hexToBytes(trustRoot.validatorsHash) ?? new Uint8Array(0),
      },
      ...{ tip, verifyVote },
      show: async (height) => headerPartsOf(await gateway.call(headerGet, { params: { height } })),
    });
  }

  /** The newest header that was verified. */
  get tip(): VerifiedTip {
    return this.#tip;
  }

  /** Asks for the newest block. */
  async latest(signal?: AbortSignal): Promise<VerifiedTip> {
    const answer = await this.#gateway.call(headerGet, { params: { height: 'latest' }, signal });
    const known = this.#tip.height;
    const { header } = await this.#verify(answer);
    if (header.height < known)
      throw new CodedError('GATEWAY_LIED', { height: header.height, known });
    return this.#tip;
  }

  /**
   * Walks from one header back to an older one and compares every one with what is known: an operator who
   * signs two ledgers cannot show the end of one on top of the beginning of the other.
   * Throws LEDGER_FORKED with the lowest height at which the two differ.
   */
  async requireLinked(from: number, to: number, signal?: AbortSignal): Promise<void> {
    const headers: VerifiedHeader[] = [];
    for (let at = from; at <= to; at += linkedAtOnce) {
      const heights = Array.from(
        { length: Math.min(linkedAtOnce, to - at + 1) },
        (_, index) => at + index,
      );
      headers.push(...(await Promise.all(heights.map((it) => this.#headerAt(it, signal)))));
    }
    for (const [index, next] of headers.entries()) {
      const before = headers[index - 1];
      if (before === undefined) continue;
      const linked = next.header.lastBlockId.hash;
      if (follows(before.header, before.headerHash, next.header)) continue;
      throw forked(before.header.height, before.headerHash, linked);
    }
  }

  /**
   * After LEDGER_FORKED: the same with the lowest height, of those that this view knows, at which the gateway
   * shows another header. From there on the ledgers differ at every height, so halving finds it.
   */
  async firstFork(found: CodedError, signal?: AbortSignal): Promise<CodedError> {
    const heights = [...this.#known.keys()]
      .filter((height) => height < Number(found.details.height))
      .sort((a, b) => a - b);
    let first = found;
    for (let low = 0, high = heights.length; low < high; ) {
      const middle = (low + high) >> 1;
      const fork = await this.#forkAt(heights[middle] ?? 0, signal);
      if (fork === undefined) low = middle + 1;
      else {
        first = fork;
        high = middle;
      }
    }
    return first;
  }

  async #forkAt(height: number, signal?: AbortSignal): Promise<CodedError | undefined> {
    try {
      // Asked anew: what is kept is what was shown before.
      await this.#verify(await this.#gateway.call(headerGet, { params: { height }, signal }));
      return undefined;
    } catch (error) {
      if (isCoded(error, 'LEDGER_FORKED')) return error;
      throw error;
    }
  }

  /** A header that was verified elsewhere, in a receipt. Throws LEDGER_FORKED. */
  meet(height: number, headerHash: Uint8Array): void {
    const known = this.#known.get(height);
    if (known !== undefined && !equalBytes(known, headerHash)) {
      throw forked(height, known, headerHash);
    }
    this.#known.set(height, headerHash);
    if (this.#known.size <= maxKnownHeaders) return;
    for (const old of this.#known.keys()) {
      if (old === this.trustRoot.height || old === this.#tip.height) continue;
      this.#known.delete(old);
      break;
    }
  }

  /** A signed header of this height; waits while the block is not there yet. */
  async header(height: number, signal?: AbortSignal): Promise<Header> {
    return (await this.#headerAt(height, signal)).header;
  }

  #headerAt(height: number, signal?: AbortSignal): Promise<VerifiedHeader> {
    const kept = this.#headers.get(height);
    if (kept !== undefined) return this.#shared(kept, height, signal);
    const fetched = this.#fetchHeader(height, signal);
    this.#headers.set(height, fetched);
    fetched.catch(() => this.#headers.delete(height));
    if (this.#headers.size > 256) {
      const oldest = this.#headers.keys().next();
      if (!oldest.done) this.#headers.delete(oldest.value);
    }
    return fetched;
  }

  /** Of one who asked first: where he was stopped, whoever was not asks anew. */
  async #shared(
    coming: Promise<VerifiedHeader>,
    height: number,
    signal?: AbortSignal,
  ): Promise<VerifiedHeader> {
    try {
      return await orStopped(coming, signal);
    } catch (error) {
      if (!isCoded(error, 'INTERRUPTED') || signal?.aborted === true) throw error;
      return await this.#headerAt(height, signal);
    }
  }

  async #fetchHeader(height: number, signal?: AbortSignal): Promise<VerifiedHeader> {
    let stepMs = 2;
    for (let waitedMs = 0; ; ) {
      try {
        const verified = await this.#verify(
          await this.#gateway.call(headerGet, { params: { height }, signal }),
        );
        if (verified.header.height === height) return verified;
        throw new CodedError('GATEWAY_LIED', { height });
      } catch (error) {
        if (!isCoded(error, 'HEIGHT_UNKNOWN')) throw error;
        if (waitedMs >= headerWaitMs) throw new CodedError('LEDGER_STALLED', { height }, error);
      }
      await pause(stepMs, signal);
      waitedMs += stepMs;
      stepMs = Math.min(250, stepMs * 2);
    }
  }

  async #verify(answer: HeaderAnswer): Promise<VerifiedHeader> {
    const parts = headerPartsOf(answer);
    const { header } = parts;
    await this.#sets.require(parts);
    const { headerHash } = await verifySigned(parts, this.trustRoot.chain, verifyVote);
    await this.#requireKnownHeader(header.height);
    await this.#requireVouched(answer, header.height, headerHash);
    this.#accept(header, headerHash);
    return { header, headerHash };
  }

  /** What is believed already, as the trust root's header, needs nobody more. Throws WITNESSES_FEW. */
  async #requireVouched(
    answer: HeaderAnswer,
    height: number,
    headerHash: Uint8Array,
  ): Promise<void> {
    const known = this.#known.get(height);
    if (known !== undefined && equalBytes(known, headerHash)) return;
    await this.#vouching.require(answer, { height, headerHash });
  }

  /**
   * Before anything newer is believed, this gateway shows once the header that was known before: else a
   * ledger that was written anew would only have to be longer.
   */
  async #requireKnownHeader(height: number): Promise<void> {
    const known = this.#unseen;
    if (known === undefined || height <= known) return;
    this.#showing ??= this.#headerAt(known)
      .then(() => {
        this.#unseen = undefined;
      })
      .finally(() => {
        this.#showing = undefined;
      });
    await this.#showing;
  }

  /** Two signed headers of one height are evidence of a fork; older news moves nothing. */
  #accept(header: Header, headerHash: Uint8Array): void {
    const { height } = header;
    this.meet(height, headerHash);
    const timeMs = msOfTimestamp(header.time);
    const { height: known, timeMs: knownMs } = this.#tip;
    // Two blocks may share a millisecond; the tip of a trust root has no time.
    if (height > known ? timeMs < knownMs : knownMs !== 0 && timeMs > knownMs) {
      throw new CodedError('HEADER_INVALID', { reason: 'time', height });
    }
    if (height < known) return;
    this.#tip = { height, headerHash, timeMs };
  }
}

/** Both hashes: what was known of this height, and what was shown; with the signed headers, evidence. */
function forked(height: number, known: Uint8Array, shown: Uint8Array): CodedError {
  const details = { height, known: bytesToHex(known), shown: bytesToHex(shown) };
  return new CodedError('LEDGER_FORKED', details);
}

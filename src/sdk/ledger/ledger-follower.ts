import type { LogHeadsAnswer } from '../../api/logs.ts';
import { headerGet } from '../../api/routes/header-get.ts';
import { logHeadsGet } from '../../api/routes/log-heads-get.ts';
import type { HeaderAnswer } from '../../api/tx.ts';
import { verifyVote } from '../../crypto/signature.ts';
import { follows } from '../../ledger/chain/hand-over.ts';
import type { Header } from '../../ledger/chain/header.ts';
import {
  type SignedHeaderParts,
  verifyNext,
  verifySigned,
} from '../../ledger/chain/light-client.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { bytesToHex, equalBytes, hexToBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { GatewayClient } from '../client/gateway-client.ts';
import { pause, stopIfAborted } from '../client/http.ts';
import { carries, requireGrown, type ShownHeads, shownHeads } from './grown-logs.ts';
import { headerPartsOf } from './header-answer.ts';
import { type LedgerPoint, pointOf, pointOfHeader } from './ledger-point.ts';

/** Headers of one step: what is held in memory, and what an interruption costs. */
const mostOfAStep = 4_096;
const askedAtOnce = 16;
/** R-4; the clock of a ledger itself may be ten minutes ahead (B-7). */
const maxDriftMs = 10 * 60_000;
/** A block with transactions is followed by the one that proves its state: so often it is asked for. */
const proofWaitsMs = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 4_000];
const busyWaitMs = 2_000;

interface LedgerStep {
  readonly point: LedgerPoint;
  /** What it went over, in order, to the point's own. */
  readonly headers: readonly LedgerPoint[];
  /** Nothing newer was shown, and the logs were compared. */
  readonly isNewest: boolean;
}

interface StepOptions {
  /** Headers that it goes over at most. */
  readonly most?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onHeader?: (height: number, last: number) => void;
}

/**
 * Goes along a ledger from header to header and holds it to what was seen before: nothing is believed but the
 * votes of the validators that follow from the trust root, and nothing that was once believed may change.
 *
 * Throws what rule F-5 of docs/protocol/following.md lists, LEDGER_STALLED (no block proves the newest state), and
 * what the gateway refuses.
 */
export class LedgerFollower {
  readonly #gateway: GatewayClient;
  readonly #trustRoot: TrustRoot;
  readonly #now: () => number;
  /** The answers that did not fit, as they came: evidence for whoever keeps it. */
  readonly shown: (HeaderAnswer | LogHeadsAnswer)[] = [];

  constructor(gateway: GatewayClient, trustRoot: TrustRoot, now: () => number = Date.now) {
    this.#gateway = gateway;
    this.#trustRoot = trustRoot;
    this.#now = now;
  }

  /** The header of the trust root, where whoever kept nothing begins. Throws TRUST_ROOT_WRONG, LEDGER_FORKED. */
  async begin(signal?: AbortSignal): Promise<LedgerPoint> {
    const { chain, height, headerHash, validatorsHash } = this.#trustRoot;
    const answer = await this.header(height, signal);
    const point = pointOf(answer);
    const wrong = (reason: string) => new CodedError('TRUST_ROOT_WRONG', { reason });
    if (point.header.chainId !== chain) throw wrong('chain');
    this.#requireHeight(answer, point.header, height);
    const known = hexToBytes(headerHash) ?? new Uint8Array(0);
    if (!equalBytes(point.headerHash, known)) {
      throw this.#doesNotFit(forked(height, known, point.headerHash), answer);
    }
    if (bytesToHex(point.header.validatorsHash) !== validatorsHash) throw wrong('validatorsHash');
    await verifySigned(headerPartsOf(answer), chain, verifyVote);
    return point;
  }

  /** From a point towards the newest header (F-4). */
  async step(from: LedgerPoint, options: StepOptions = {}): Promise<LedgerStep> {
    const { signal, most = mostOfAStep } = options;
    const known = from.header.height;
    const newest = await this.#newest(from, signal);
    if (newest === known && from.heads !== undefined) {
      return { point: from, headers: [], isNewest: true };
    }
    if (newest - known > most) {
      const headers = await this.#walk(from, known + most, options);
      const last = headers.at(-1) ?? from;
      return { point: { ...last, heads: from.heads }, headers, isNewest: false };
    }
    const shown = shownHeads(await this.#gateway.call(logHeadsGet, { signal }));
    const target = await this.#provingHeight(shown, signal);
    if (target < known) throw this.#doesNotFit(older(target, from), shown.answer);
    const headers = await this.#walk(from, target, options);
    const last = headers.at(-1) ?? from;
    await this.#requireFitting(from, last, shown, signal);
    return { point: { ...last, heads: shown.heads }, headers, isNewest: true };
  }

  /** What the gateway shows of this height now. Whoever asks for every header asks often: told to wait, it waits. */
  async header(height: number | 'latest', signal?: AbortSignal): Promise<HeaderAnswer> {
    for (;;) {
      try {
        return await this.#gateway.call(headerGet, { params: { height }, signal });
      } catch (error) {
        if (!isCoded(error, 'RATE_LIMITED')) throw error;
      }
      await pause(busyWaitMs, signal);
    }
  }

  /** Its height; the one that is known must be the same. */
  async #newest(from: LedgerPoint, signal?: AbortSignal): Promise<number> {
    const answer = await this.header('latest', signal);
    const { header, headerHash } = pointOf(answer);
    const { height } = header;
    if (height < from.header.height) throw this.#doesNotFit(older(height, from), answer);
    if (height === from.header.height && !equalBytes(headerHash, from.headerHash)) {
      throw this.#doesNotFit(forked(height, from.headerHash, headerHash), answer);
    }
    return height;
  }

  /** The height of the header that carries this state: the next one, or its own where the block left it as it was. */
  async #provingHeight({ answer, heads }: ShownHeads, signal?: AbortSignal): Promise<number> {
    const { height } = answer;
    for (const waitMs of [...proofWaitsMs, undefined]) {
      const { header } = headerPartsOf(await this.header('latest', signal));
      if (header.height > height) return height + 1;
      if (header.height === height && carries(header, heads)) return height;
      if (waitMs !== undefined) await pause(waitMs, signal);
    }
    throw new CodedError('LEDGER_STALLED', { height });
  }

  /** The logs of the last header, against those that are known. */
  async #requireFitting(
    from: LedgerPoint,
    { header, answer }: LedgerPoint,
    shown: ShownHeads,
    signal?: AbortSignal,
  ): Promise<void> {
    try {
      if (!carries(header, shown.heads)) {
        throw new CodedError('PROOF_INVALID', { height: header.height });
      }
      if (from.heads === undefined) return;
      await requireGrown(this.#gateway, from.heads.logs, shown.heads.logs, signal);
    } catch (error) {
      throw this.#doesNotFit(error, answer, shown.answer);
    }
  }

  /** Every header up to `to`, verified one on the other. */
  async #walk(
    from: LedgerPoint,
    to: number,
    { signal, onHeader }: StepOptions,
  ): Promise<LedgerPoint[]> {
    const headers: LedgerPoint[] = [];
    let known = from;
    for (let at = from.header.height + 1; at <= to; at += askedAtOnce) {
      stopIfAborted(signal);
      const count = Math.min(askedAtOnce, to - at + 1);
      const heights = Array.from({ length: count }, (_, index) => at + index);
      const answers = await Promise.all(heights.map((height) => this.header(height, signal)));
      for (const answer of answers) {
        known = await this.#next(known, answer, signal);
        headers.push(known);
        onHeader?.(known.header.height, to);
      }
    }
    return headers;
  }

  async #next(
    known: LedgerPoint,
    answer: HeaderAnswer,
    signal?: AbortSignal,
  ): Promise<LedgerPoint> {
    const { height } = known.header;
    const parts = headerPartsOf(answer);
    this.#requireHeight(answer, parts.header, height + 1);
    const linked = parts.header.lastBlockId.hash;
    const isLinked = follows(known.header, known.headerHash, parts.header);
    try {
      await (isLinked ? this.#requireNext(known, parts) : this.#requireSigned(known, parts));
    } catch (error) {
      throw this.#doesNotFit(error, answer);
    }
    if (isLinked) return pointOfHeader(answer, parts.header);
    // The other header of the known height is the plainer evidence, where the gateway shows it.
    const other = await this.header(height, signal).catch(() => undefined);
    const shown = other === undefined ? [answer] : [answer, other];
    throw this.#doesNotFit(forked(height, known.headerHash, linked), ...shown);
  }

  /** Every link is shown, so no header is too old to be a reason. */
  async #requireNext({ header }: LedgerPoint, next: SignedHeaderParts): Promise<void> {
    const trustingPeriodMs = Number.POSITIVE_INFINITY;
    const clock = { nowMs: this.#now(), trustingPeriodMs, maxDriftMs };
    await verifyNext({ header, nextValidators: [] }, next, clock, verifyVote);
  }

  /** What those who should have signed it did not sign is no evidence against them. */
  async #requireSigned({ header }: LedgerPoint, next: SignedHeaderParts): Promise<void> {
    const { validatorsHash, height } = next.header;
    if (!equalBytes(validatorsHash, header.nextValidatorsHash)) {
      throw new CodedError('HEADER_INVALID', { reason: 'validators', height });
    }
    await verifySigned(next, header.chainId, verifyVote);
  }

  #requireHeight(answer: HeaderAnswer, header: Header, height: number): void {
    if (header.height === height) return;
    throw this.#doesNotFit(new CodedError('GATEWAY_LIED', { height }), answer);
  }

  #doesNotFit(error: unknown, ...answers: readonly (HeaderAnswer | LogHeadsAnswer)[]): unknown {
    this.shown.push(...answers);
    return error;
  }
}

/** Both hashes of one height. */
function forked(height: number, known: Uint8Array, shown: Uint8Array): CodedError {
  const hashes = { known: bytesToHex(known), shown: bytesToHex(shown) };
  return new CodedError('LEDGER_FORKED', { height, ...hashes });
}

function older(height: number, { header }: LedgerPoint): CodedError {
  return new CodedError('GATEWAY_LIED', { height, known: header.height });
}

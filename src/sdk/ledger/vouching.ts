import type { HeaderAnswer } from '../../api/tx.ts';
import { verifyVote } from '../../crypto/signature.ts';
import { type Header, headerHashBytes } from '../../ledger/chain/header.ts';
import { witnessMessage } from '../../ledger/chain/receipt.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { pause } from '../client/http.ts';
import { bytesOfAnswer, headerPartsOf } from './header-answer.ts';

/** A witness asks each second, signs, and hands over: so long a new header may be without. */
export const witnessWaitsMs: readonly number[] = [50, 100, 200, 400, 800, 1_500, 3_000, 5_000];
/** Headers that are walked from a vouched one back to an older one. */
const mostWalked = 4_096;

interface Vouched {
  readonly height: number;
  readonly headerHash: Uint8Array;
}

/**
 * Whether as many witnesses as the trust root asks for vouch for a header: by their signatures under it, or under a later one
 * that it is linked to. Of a trust root without a quorum nothing is asked. Source: docs/protocol/receipts.md, rule R-14.
 */
export class Vouching {
  readonly #trustRoot: TrustRoot;
  readonly #show: (height: number, signal?: AbortSignal) => Promise<HeaderAnswer>;
  readonly #waitsMs: readonly number[];
  #newest: Vouched | undefined;

  constructor(
    trustRoot: TrustRoot,
    show: (height: number, signal?: AbortSignal) => Promise<HeaderAnswer>,
    waitsMs: readonly number[] = witnessWaitsMs,
  ) {
    this.#trustRoot = trustRoot;
    this.#show = show;
    this.#waitsMs = waitsMs;
  }

  /** A header that is signed, as it was shown. Throws WITNESSES_FEW {height, count, quorum}, LEDGER_FORKED, GATEWAY_LIED. */
  async require(answer: HeaderAnswer, found: Vouched, signal?: AbortSignal): Promise<void> {
    const { quorum = 0 } = this.#trustRoot;
    if (quorum === 0) return;
    const { height, headerHash } = found;
    let count = await this.#count(answer, found);
    if (count >= quorum) this.#note(found);
    else if (this.#newest !== undefined && height < this.#newest.height) {
      await this.#requireLinked(this.#newest, found, signal);
    } else {
      for (const waitMs of this.#waitsMs) {
        await pause(waitMs, signal);
        const again = await this.#show(height, signal);
        count = await this.#count(again, { height, headerHash });
        if (count < quorum) continue;
        this.#note(found);
        return;
      }
      throw new CodedError('WITNESSES_FEW', { height, count, quorum });
    }
  }

  #note(found: Vouched): void {
    if (this.#newest === undefined || found.height > this.#newest.height) this.#newest = found;
  }

  /** Those of the trust root, once each, whose signature holds. */
  async #count({ witnesses = [] }: HeaderAnswer, { height, headerHash }: Vouched): Promise<number> {
    const message = witnessMessage(this.#trustRoot.chain, height, headerHash);
    const counted = new Set<string>();
    for (const { publicKey, signature } of witnesses) {
      const key = bytesOfAnswer(publicKey, 32);
      const name = bytesToHex(key);
      if (!this.#trustRoot.witnesses.includes(name)) continue;
      if (await verifyVote(key, message, bytesOfAnswer(signature, 64))) counted.add(name);
    }
    return counted.size;
  }

  /** From a vouched header back: each names the hash of the one before it. */
  async #requireLinked(from: Vouched, to: Vouched, signal?: AbortSignal): Promise<void> {
    if (from.height - to.height > mostWalked) {
      throw new CodedError('WITNESSES_FEW', { height: to.height, count: 0 });
    }
    let wanted = from.headerHash;
    for (let height = from.height; height > to.height; height--) {
      wanted = (await this.#header(height, wanted, signal)).lastBlockId.hash;
    }
    if (equalBytes(wanted, to.headerHash)) return;
    throw new CodedError('LEDGER_FORKED', {
      ...{ height: to.height, known: bytesToHex(wanted), shown: bytesToHex(to.headerHash) },
    });
  }

  async #header(height: number, hash: Uint8Array, signal?: AbortSignal): Promise<Header> {
    const answer = await this.#show(height, signal);
    const { header } = headerPartsOf(answer);
    if (equalBytes(headerHashBytes(header), hash)) return header;
    throw new CodedError('GATEWAY_LIED', { height });
  }
}

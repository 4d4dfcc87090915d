import { type Header, headerHashBytes } from '../../ledger/chain/header.ts';
import {
  type SignedHeaderParts,
  type TrustedHeader,
  type VerifyVote,
  verifyNext,
  verifySigned,
} from '../../ledger/chain/light-client.ts';
import { isAfter, type Timestamp } from '../../ledger/chain/timestamp.ts';
import { validatorsHash } from '../../ledger/chain/validators.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';

/** a set that was replaced so long ago may have lost its keys, and is no reason to believe another one. */
const trustingPeriodMs = 30 * 24 * 3_600_000;
/** R-4; the clock of a ledger itself may be ten minutes ahead (B-7). */
const maxDriftMs = 10 * 60_000;

/** The sets that a header names, and its time. */
interface Said {
  readonly own: Uint8Array;
  readonly next: Uint8Array;
  readonly time: Timestamp;
}

const saidBy = ({ validatorsHash: own, nextValidatorsHash: next, time }: Header): Said => ({
  ...{ own, next, time },
});

/** A header that is believed: who signed it, and whom it names as the next to sign. */
interface Proven {
  readonly height: number;
  readonly headerHash: Uint8Array;
  /** Undefined: its hash is remembered from before, and the rest is not yet asked for. */
  readonly said: Said | undefined;
}

/** A header of this height with its votes and its set, from a gateway that need not be trusted: nothing of it is verified. */
export type ShowHeader = (height: number) => Promise<SignedHeaderParts>;

/**
 * Which validators a device believes at which height. A ledger of one operator never changes them (`governance.md`), and
 * while a set stays nothing is asked. A header of another set is believed when more than a third of those trusted before it
 * signed it too, and where too few of them are left, over headers in between, found by halving.
 * Source: docs/protocol/receipts.md, rules.
 */
export class TrustedSets {
  readonly #chainId: string;
  readonly #root: { readonly height: number; readonly set: Uint8Array };
  readonly #show: ShowHeader;
  readonly #verifyVote: VerifyVote;
  readonly #now: () => number;
  /** Lowest first. */
  readonly #proven: Proven[];

  /** `root`: the trust root's header and its set; `tip`: another header that was verified here before. */
  constructor(
    of: {
      readonly chainId: string;
      readonly root: Pick<Proven, 'height' | 'headerHash'> & { readonly set: Uint8Array };
      readonly tip?: Pick<Proven, 'height' | 'headerHash'> | undefined;
      readonly show: ShowHeader;
      readonly verifyVote: VerifyVote;
    },
    now: () => number = Date.now,
  ) {
    const { chainId, root, tip, show, verifyVote } = of;
    this.#chainId = chainId;
    this.#root = root;
    this.#proven = [root, ...(tip === undefined ? [] : [tip])]
      .map(({ height, headerHash }) => ({ height, headerHash, said: undefined }))
      .filter(({ height }, at, all) => all.findIndex((it) => it.height === height) === at)
      .sort((a, b) => a.height - b.height);
    this.#show = show;
    this.#verifyVote = verifyVote;
    this.#now = now;
  }

  /**
   * That this set may sign at this height, and that the header comes later than the one it follows from; whether the set signed is
   * `verifySigned`'s question. Throws HEADER_INVALID,
   * HEADER_EXPIRED, LEDGER_FORKED (of a height that is believed another header is shown, signed), GATEWAY_LIED (unsigned), and what `show` throws.
   */
  async require(parts: SignedHeaderParts): Promise<void> {
    const { height, validatorsHash: set } = parts.header;
    // A ledger of one validator keeps it, and one of several never comes down to one.
    if (parts.validators.length === 1) {
      if (equalBytes(set, this.#root.set) && !this.#wasHandedOver(height)) return;
      throw invalid(height);
    }
    const before = await this.#before(height);
    // Older than what was believed first.
    if (before?.said === undefined) throw invalid(height);
    const { own, next, time } = before.said;
    if (height > before.height && !isAfter(parts.header.time, time)) throw invalid(height, 'time');
    if (equalBytes(before.height === height ? own : next, set)) return;
    if (before.height === height) throw invalid(height);
    await this.#reach(before, parts);
  }

  /** Others are known to order it since before this height. */
  #wasHandedOver(height: number): boolean {
    return this.#proven.some(
      (it) =>
        it.height <= height && it.said !== undefined && !equalBytes(it.said.own, this.#root.set),
    );
  }

  /** Each halving has a way half as long, so it ends. */
  async #reach(from: Proven, target: SignedHeaderParts): Promise<void> {
    const { height } = target.header;
    const nowMs = this.#now();
    try {
      const { isAlone, ...trusted } = await this.#trusted(from);
      // One operator is trusted as long as the trust root is: up to the header that hands the ledger over, and by it.
      const periodMs = isAlone ? Number.POSITIVE_INFINITY : trustingPeriodMs;
      const clock = { nowMs, trustingPeriodMs: periodMs, maxDriftMs };
      await verifyNext(trusted, target, clock, this.#verifyVote);
      this.#add(target);
    } catch (error) {
      const middle = (from.height + height) >> 1;
      if (!isCoded(error, 'HEADER_NEEDS_STEPS') || middle <= from.height) throw error;
      const between = await this.#shown(middle);
      await this.#reach(from, between);
      await this.#reach((await this.#before(height)) ?? from, target);
    }
  }

  async #trusted(from: Proven): Promise<TrustedHeader & { readonly isAlone: boolean }> {
    const shown = await this.#shownProven(from);
    const { header } = shown;
    const { validators } = await this.#shown(from.height + 1);
    if (!equalBytes(validatorsHash(validators), header.nextValidatorsHash)) {
      throw invalid(from.height + 1);
    }
    return { header, nextValidators: validators, isAlone: shown.validators.length === 1 };
  }

  async #shown(height: number): Promise<SignedHeaderParts> {
    const parts = await this.#show(height);
    if (parts.header.height !== height) throw invalid(height);
    return parts;
  }

  async #shownProven({ height, headerHash: known }: Proven): Promise<SignedHeaderParts> {
    const parts = await this.#shown(height);
    const shown = headerHashBytes(parts.header);
    if (equalBytes(shown, known)) return parts;
    // Nobody's signature beneath it, or that of a set which is none here: no second history, a gateway that made it up.
    if (!(await this.#isSigned(parts))) throw new CodedError('GATEWAY_LIED', { height });
    const hashes = { known: bytesToHex(known), shown: bytesToHex(shown) };
    throw new CodedError('LEDGER_FORKED', { height, ...hashes });
  }

  /** By the set of the trust root where it is of its height; which set is a remembered header's is not known. */
  async #isSigned(parts: SignedHeaderParts): Promise<boolean> {
    const { height, validatorsHash: set } = parts.header;
    if (height === this.#root.height && !equalBytes(set, this.#root.set)) return false;
    try {
      await verifySigned(parts, this.#chainId, this.#verifyVote);
      return true;
    } catch (error) {
      if (isCoded(error, 'HEADER_INVALID')) return false;
      throw error;
    }
  }

  #add({ header }: SignedHeaderParts): void {
    const { height } = header;
    const at = this.#proven.findIndex((it) => it.height > height);
    const proven = { height, headerHash: headerHashBytes(header), said: saidBy(header) };
    this.#proven.splice(at === -1 ? this.#proven.length : at, 0, proven);
  }

  /** The highest that is believed and not above this height, with its sets. */
  async #before(height: number): Promise<Proven | undefined> {
    const at = this.#proven.findLastIndex((it) => it.height <= height);
    const found = this.#proven[at];
    if (found === undefined || found.said !== undefined) return found;
    const { header } = await this.#shownProven(found);
    const said = saidBy(header);
    const isOfRoot = found.height === this.#root.height;
    if (isOfRoot && !equalBytes(said.own, this.#root.set)) throw invalid(found.height);
    const filled = { ...found, said };
    this.#proven[this.#proven.indexOf(found)] = filled;
    return filled;
  }
}

function invalid(height: number, reason = 'validators'): CodedError {
  return new CodedError('HEADER_INVALID', { reason, height });
}

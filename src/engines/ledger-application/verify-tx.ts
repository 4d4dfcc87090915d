import { txIdOfBytes } from '../../ledger/codec.ts';
import { type IncomingTx, readIncomingTx, type VerifiedTx } from '../../ledger/incoming.ts';
import type {
  PointProofRequirement,
  Requirement,
  SignatureRequirement,
} from '../../ledger/requirement.ts';
import { requirementsOf } from '../../ledger/requirements-of.ts';
import { assertNever } from '../../primitives/errors.ts';
import type { TxId } from '../../primitives/ids.ts';

/** The curves, given from outside; each answers yes or no and never throws for bad input. */
export interface SignatureChecks {
  signature(required: SignatureRequirement): Promise<boolean>;
  pointProof(required: PointProofRequirement): boolean | Promise<boolean>;
  /** A wing's own proofs, by the name of the check; what nobody checks does not hold. */
  readonly proofs?: ReadonlyMap<string, (input: Uint8Array) => boolean | Promise<boolean>>;
}

const maxRemembered = 20_000;

/**
 * Reads transactions and judges their signatures, each once: what CheckTx let pass is neither decoded nor
 * checked again when its block is executed. The key is the transaction id, which covers every byte.
 */
export class TxVerifier {
  readonly #checks: SignatureChecks;
  readonly #verified = new Map<TxId, VerifiedTx>();

  constructor(checks: SignatureChecks) {
    this.#checks = checks;
  }

  /** A block's transactions, in their order. */
  async verifyAll(txs: readonly Uint8Array[], maxTxBytes: number): Promise<readonly VerifiedTx[]> {
    const missing: Promise<void>[] = [];
    const all: VerifiedTx[] = [];
    for (const [index, bytes] of txs.entries()) {
      const txId = txIdOfBytes(bytes);
      const known = this.#verified.get(txId);
      if (known !== undefined) all[index] = known;
      else {
        const verified = this.verify(readIncomingTx(bytes, maxTxBytes, txId));
        missing.push(
          verified.then((one) => {
            all[index] = one;
          }),
        );
      }
    }
    if (missing.length > 0) await Promise.all(missing);
    return all;
  }

  async verify(incoming: IncomingTx): Promise<VerifiedTx> {
    if (!('tx' in incoming)) return incoming;
    const known = this.#verified.get(incoming.txId);
    if (known !== undefined) return known;
    const required = requirementsOf(incoming.tx, incoming.body);
    const isSigned = await this.hold(required.tx);
    const proven = new Set<number>();
    if (isSigned && required.acts.size > 0) {
      const judged = [...required.acts].map(async ([index, requirements]) => {
        if (await this.hold(requirements)) proven.add(index);
      });
      await Promise.all(judged);
    }
    const { txId, tx } = incoming;
    const verified = { txId, tx, verdict: { isSigned, proven } };
    this.#remember(verified);
    return verified;
  }

  hold(requirements: readonly Requirement[]): boolean | Promise<boolean> {
    const [only, more] = requirements;
    // Of most transactions, one signature: each promise more is one that the collector has to carry.
    if (only !== undefined && more === undefined) return this.#holds(only);
    return this.#allHold(requirements);
  }

  async #allHold(requirements: readonly Requirement[]): Promise<boolean> {
    for (const required of requirements) {
      if (!(await this.#holds(required))) return false;
    }
    return true;
  }

  #holds(required: Requirement): boolean | Promise<boolean> {
    switch (required.kind) {
      case 'signature':
        return this.#checks.signature(required);
      case 'point-proof':
        return this.#checks.pointProof(required);
      case 'proof': {
        const check = this.#checks.proofs?.get(required.check);
        return check === undefined ? false : check(required.input);
      }
      default:
        return assertNever(required);
    }
  }

  forget(txId: TxId): void {
    this.#verified.delete(txId);
  }

  #remember(verified: VerifiedTx): void {
    this.#verified.set(verified.txId, verified);
    if (this.#verified.size <= maxRemembered) return;
    const [oldest] = this.#verified.keys();
    if (oldest !== undefined) this.#verified.delete(oldest);
  }
}

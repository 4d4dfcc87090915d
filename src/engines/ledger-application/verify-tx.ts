import { txIdOfBytes } from '../../ledger/codec.ts';
import { type IncomingTx, readIncomingTx, type VerifiedTx } from '../../ledger/incoming.ts';
import {
  type PointProofRequirement,
  type Requirement,
  type SignatureRequirement,
  signaturesOf,
} from '../../ledger/required-signatures.ts';
import type { TxId } from '../../primitives/ids.ts';

/** The curves, given from outside; each answers yes or no and never throws for bad input. */
export interface SignatureChecks {
  signature(required: SignatureRequirement): Promise<boolean>;
  pointProof(required: PointProofRequirement): boolean;
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
      const known = this.#verified.get(txIdOfBytes(bytes));
      if (known !== undefined) all[index] = known;
      else {
        const verify = async () => {
          all[index] = await this.verify(readIncomingTx(bytes, maxTxBytes));
        };
        missing.push(verify());
      }
    }
    if (missing.length > 0) await Promise.all(missing);
    return all;
  }

  async verify(incoming: IncomingTx): Promise<VerifiedTx> {
    if (!('tx' in incoming)) return incoming;
    const known = this.#verified.get(incoming.txId);
    if (known !== undefined) return known;
    const required = signaturesOf(incoming.tx);
    const isSigned = await this.hold(required.tx);
    const soundIdentities = new Set<number>();
    if (isSigned) {
      for (const [index, requirements] of required.identities) {
        if (await this.hold(requirements)) soundIdentities.add(index);
      }
    }
    const verified = { ...incoming, verdict: { isSigned, soundIdentities } };
    this.#remember(verified);
    return verified;
  }

  async hold(requirements: readonly Requirement[]): Promise<boolean> {
    for (const required of requirements) {
      const holds =
        required.kind === 'signature'
          ? await this.#checks.signature(required)
          : this.#checks.pointProof(required);
      if (!holds) return false;
    }
    return true;
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

import type { IncomingTx, Verdict, VerifiedTx } from '../../ledger/incoming.ts';
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
 * Judges the signatures of transactions, each once: what CheckTx let pass is not checked again when its
 * block is executed. The key is the transaction id, which covers the signatures too.
 */
export class TxVerifier {
  readonly #checks: SignatureChecks;
  readonly #verdicts = new Map<TxId, Verdict>();

  constructor(checks: SignatureChecks) {
    this.#checks = checks;
  }

  async verify(incoming: IncomingTx): Promise<VerifiedTx> {
    if (!('tx' in incoming)) return incoming;
    const known = this.#verdicts.get(incoming.txId);
    if (known !== undefined) return { ...incoming, verdict: known };
    const required = signaturesOf(incoming.tx);
    const isSigned = await this.hold(required.tx);
    const soundIdentities = new Set<number>();
    if (isSigned) {
      for (const [index, requirements] of required.identities) {
        if (await this.hold(requirements)) soundIdentities.add(index);
      }
    }
    const verdict = { isSigned, soundIdentities };
    this.#remember(incoming.txId, verdict);
    return { ...incoming, verdict };
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
    this.#verdicts.delete(txId);
  }

  #remember(txId: TxId, verdict: Verdict): void {
    this.#verdicts.set(txId, verdict);
    if (this.#verdicts.size <= maxRemembered) return;
    const [oldest] = this.#verdicts.keys();
    if (oldest !== undefined) this.#verdicts.delete(oldest);
  }
}

import type { Label } from '../crypto/labels.ts';

/** One thing that somebody outside the rules must check, because curves are slow and the rules are pure. */
export type Requirement = SignatureRequirement | PointProofRequirement | ProofRequirement;

/** `signature` by `publicKey` over label ‖ 0x00 ‖ SHA-256(bytes). */
export interface SignatureRequirement {
  readonly kind: 'signature';
  readonly publicKey: Uint8Array;
  readonly label: Label;
  readonly bytes: Uint8Array;
  readonly signature: Uint8Array;
}

/** A Schnorr proof of knowledge of the discrete logarithm of `point`, bound to `context`. */
export interface PointProofRequirement {
  readonly kind: 'point-proof';
  readonly point: Uint8Array;
  readonly context: Uint8Array;
  readonly proof: Uint8Array;
}

/** A proof of a wing's own; `check` names who verifies it, and a check that nobody brings never holds. */
export interface ProofRequirement {
  readonly kind: 'proof';
  /** `wing/what`. */
  readonly check: string;
  readonly input: Uint8Array;
}

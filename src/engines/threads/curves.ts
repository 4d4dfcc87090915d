import { verifyPointProof } from '../../crypto/group.ts';
import type { Label } from '../../crypto/labels.ts';
import { verifyLabelled, verifyVote } from '../../crypto/signature.ts';

/**
 * What a ledger asks of curves: slow, and without any state, so that it may be answered on any thread. Every
 * adapter answers alike, and no to anything malformed; `curves.contract.ts` holds them to it.
 */
export interface Curves {
  /** As `verifyLabelled`. */
  verifyLabelled(
    publicKey: Uint8Array,
    label: Label,
    bytes: Uint8Array,
    signature: Uint8Array,
  ): Promise<boolean>;
  /** As `verifyVote`: ZIP-215. */
  verifyVote(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** As `verifyPointProof`. */
  verifyPointProof(point: Uint8Array, context: Uint8Array, proof: Uint8Array): Promise<boolean>;
}

/** Without threads of its own: where there are none, and what the others are held against. */
export const ownThread: Curves = {
  verifyLabelled,
  verifyVote,
  verifyPointProof,
};

import { type Label, labels } from '../crypto/labels.ts';
import type { AccountId } from '../primitives/ids.ts';
import type { Identity, Role, Tx } from './acts.ts';
import { encodeTxBody } from './codec.ts';
import type { Genesis } from './genesis.ts';
import { accountIdOfKey, identitySignedBytes, pointProofContext, rotation } from './identity.ts';

/** One thing that somebody outside the rules must check, because curves are slow and the rules are pure. */
export type Requirement = SignatureRequirement | PointProofRequirement;

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

/**
 * Everything that must hold for a transaction, whatever the state: `tx` its own signatures, `identities`
 * by the index of the act that carries one. Source: docs/protocol/transactions.md, rule T-5.
 */
export function signaturesOf(tx: Tx): {
  readonly tx: readonly SignatureRequirement[];
  readonly identities: ReadonlyMap<number, readonly Requirement[]>;
} {
  const bytes = encodeTxBody(tx.body);
  const identities = new Map<number, readonly Requirement[]>();
  const { chainId, sender } = tx.body;
  tx.body.acts.forEach((act, index) => {
    if (act.kind === 'Enrol') {
      identities.set(index, identityRequirements(act.identity, chainId, sender, act.role));
    } else if (act.kind === 'RotateKey') {
      identities.set(index, identityRequirements(act.identity, chainId, sender, rotation));
    }
  });
  return {
    tx: tx.signatures.map(({ publicKey, signature }) => ({
      kind: 'signature',
      publicKey,
      label: labels.txSign,
      bytes,
      signature,
    })),
    identities,
  };
}

/** What must hold before a genesis is trusted: every organisation's identity, signed for itself. */
export function genesisSignatures(genesis: Genesis): readonly Requirement[] {
  return genesis.organisations.flatMap(({ identity }) => {
    const self = accountIdOfKey(identity.suite, identity.signKey);
    return identityRequirements(identity, genesis.chainId, self, 'organisation');
  });
}

function identityRequirements(
  identity: Identity,
  chainId: string,
  organisation: AccountId,
  role: Role | typeof rotation,
): readonly Requirement[] {
  return [
    {
      kind: 'signature',
      publicKey: identity.signKey,
      label: labels.identitySign,
      bytes: identitySignedBytes(identity, chainId, organisation, role),
      signature: identity.signature,
    },
    {
      kind: 'point-proof',
      point: identity.point,
      context: pointProofContext(identity.suite, identity.signKey),
      proof: identity.pointProof,
    },
  ];
}

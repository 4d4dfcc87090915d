import { labelledHash, labelledInfo } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { type Cbor, encodeCbor, readUint } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import { type AccountId, accountIdOf, idBytes } from '../primitives/ids.ts';
import { bytes, type Of, type Shape, struct } from '../primitives/shape.ts';
import { suite } from './object-types.ts';
import type { Requirement } from './requirement.ts';
import type { Role } from './roles.ts';
import { hash, signKey } from './shapes.ts';

const currentSuite: Shape<number> = {
  encode: (value) => value,
  decode(value, field) {
    if (readUint(value, field) !== suite) throw new CodedError('SUITE_UNKNOWN');
    return suite;
  },
};

/**
 * The public keys of an account, as Enrol and RotateKey carry them whole:
 * `[suite, ed25519 32, xwing 1216, point 32, recovery 32, proof of the point 64, signature 64]`.
 *
 * `recovery` binds both keys derived from the printed code (`recoveryHash`; 32 zeros: none). `pointProof` is a
 * Schnorr proof of knowledge for `point`. `signature` is by `signKey`; what it covers: `identitySignedBytes`.
 * Throws CBOR_SHAPE, SUITE_UNKNOWN. Source: docs/protocol/acts.md, rules ID-1 to ID-5.
 */
export const identity = struct({
  suite: currentSuite,
  signKey,
  kemKey: bytes(1216),
  point: bytes(32),
  recovery: hash,
  pointProof: bytes(64),
  signature: bytes(64),
});
export type Identity = Of<typeof identity>;

/** SHA-256(label ‖ 0x00 ‖ CBOR[suite, first signing key]): the id that survives key rotation. */
export function accountIdOfKey(suiteNumber: number, signKey: Uint8Array): AccountId {
  return accountIdOf(labelledHash(labels.accountId, encodeCbor([suiteNumber, signKey])));
}

/** Stands in the role's place of an identity that is signed for RotateKey; no role has this name. */
export const rotation = 'rotation';

/**
 * What the identity's signature covers under label identity/sign:
 * CBOR([suite, ed25519, xwing, point, recovery, proof, chain id, organisation 32, role]).
 *
 * Enrol: the enrolling organisation and the role. RotateKey: the account itself in the organisation's
 * place and `rotation` as the role, so that the check needs no state and the object cannot be enrolled.
 * An organisation of the genesis names itself.
 */
export function identitySignedBytes(
  identity: Omit<Identity, 'signature'>,
  chainId: string,
  organisation: AccountId,
  role: Role | typeof rotation,
): Uint8Array {
  const { signKey, kemKey, point, recovery, pointProof } = identity;
  const unsigned: Cbor[] = [identity.suite, signKey, kemKey, point, recovery, pointProof];
  return encodeCbor([...unsigned, chainId, idBytes(organisation), role]);
}

/** The context that the proof of knowledge of `point` is bound to: nobody shows it as his own. */
export function pointProofContext(suiteNumber: number, signKey: Uint8Array): Uint8Array {
  return labelledInfo(labels.identityPoint, [suiteNumber, signKey]);
}

/** What must hold of an identity, for this ledger, organisation and role (rules ID-3 and ID-5). */
export function identityRequirements(
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

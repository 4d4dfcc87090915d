import { labelledHash, labelledInfo } from '../crypto/hash.ts';
import { labels } from '../crypto/labels.ts';
import { type Cbor, encodeCbor, readArray, readBytes, readUint } from '../primitives/cbor.ts';
import { CodedError } from '../primitives/errors.ts';
import { type AccountId, accountIdOf, idBytes } from '../primitives/ids.ts';
import type { Identity, Role } from './acts.ts';
import { suite } from './object-types.ts';

/**
 * The public keys of an account, as Enrol and RotateKey carry them whole.
 *
 * Layout: `[suite, ed25519 32, xwing 1216, point 32, recovery 32, proof of the point 64, signature 64]`.
 * Source: docs/protocol/acts.md, rules ID-1 to ID-5.
 */
export function identityToCbor(identity: Identity): readonly Cbor[] {
  return [...unsignedFields(identity), identity.signature];
}

/** Throws CBOR_SHAPE, SUITE_UNKNOWN. */
export function identityFromCbor(value: Cbor | undefined): Identity {
  const fields = readArray(value, 'identity', 7);
  if (readUint(fields[0], 'suite') !== suite) throw new CodedError('SUITE_UNKNOWN');
  return {
    suite,
    signKey: readBytes(fields[1], 'signKey', 32),
    kemKey: readBytes(fields[2], 'kemKey', 1216),
    point: readBytes(fields[3], 'point', 32),
    recovery: readBytes(fields[4], 'recovery', 32),
    pointProof: readBytes(fields[5], 'pointProof', 64),
    signature: readBytes(fields[6], 'signature', 64),
  };
}

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
  return encodeCbor([...unsignedFields(identity), chainId, idBytes(organisation), role]);
}

/** The context that the proof of knowledge of `point` is bound to: nobody shows it as his own. */
export function pointProofContext(suiteNumber: number, signKey: Uint8Array): Uint8Array {
  return labelledInfo(labels.identityPoint, [suiteNumber, signKey]);
}

function unsignedFields(identity: Omit<Identity, 'signature'>): readonly Cbor[] {
  const { signKey, kemKey, point, recovery, pointProof } = identity;
  return [identity.suite, signKey, kemKey, point, recovery, pointProof];
}

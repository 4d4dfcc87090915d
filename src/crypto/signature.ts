import { platform } from '#platform';
import { concatBytes, utf8 } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { isStrictKey, isStrictSignature } from './ed25519-strict.ts';
import { sha256 } from './hash.ts';
import type { Label } from './labels.ts';

export { isStrictKey };

/** An Ed25519 key pair that signs; the secret half does not leave it. */
export interface SigningKey {
  readonly publicKey: Uint8Array;
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>;
}

/** `seed`: the 32 bytes of RFC 8032 that everything else of the key follows from. */
export async function signingKeyFromSeed(seed: Uint8Array): Promise<SigningKey> {
  if (seed.length !== 32) throw new CodedError('INTERNAL', { expectedSeedBytes: 32 });
  return platform.ed25519Key(seed);
}

/**
 * Whether `signature` (R 32 ‖ S 32) is this key's, by the one predicate that all engines share.
 *
 * Anything malformed is a plain no. Source: docs/protocol/sealing.md, rule S-1.
 */
export async function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (!isStrictSignature(publicKey, signature)) return false;
  return platform.ed25519Verify(publicKey, message, signature);
}

const labelHeads = new Map<Label, Uint8Array>();

/** What a labelled signature covers: label ‖ 0x00 ‖ SHA-256(bytes as they travel) (protocol 1). */
export function labelledMessage(label: Label, bytes: Uint8Array): Uint8Array {
  let head = labelHeads.get(label);
  if (head === undefined) {
    head = concatBytes(utf8(label), Uint8Array.of(0));
    labelHeads.set(label, head);
  }
  return concatBytes(head, sha256(bytes));
}

/** Ed25519 over label ‖ 0x00 ‖ SHA-256(bytes): no signature counts for another purpose (L-2). */
export function signLabelled(
  key: SigningKey,
  label: Label,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  return key.sign(labelledMessage(label, bytes));
}

/** The other side of `signLabelled`; false for whatever does not hold. */
export function verifyLabelled(
  publicKey: Uint8Array,
  label: Label,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return verifySignature(publicKey, labelledMessage(label, bytes), signature);
}

/**
 * Whether a CometBFT validator signed: ZIP-215, which accepts more than `verifySignature`. For votes alone.
 *
 * What the strict predicate accepts ZIP-215 accepts too, so the slow check runs, and is loaded, only after its no.
 */
export async function verifyVote(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (await verifySignature(publicKey, message, signature)) return true;
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const { verifyZip215 } = await import('./zip215.ts');
  return verifyZip215(publicKey, message, signature);
}

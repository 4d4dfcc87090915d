import { platform } from '#platform';
import { concatBytes, utf8 } from '../primitives/bytes.ts';
import { hmacSha256 } from './hash.ts';
import {
  type Encapsulation,
  type KemKey,
  type KemName,
  kems,
  x25519Encapsulate,
  xwingEncapsulate,
  xwingEncapsulateWith,
} from './kem.ts';

/**
 * HPKE (RFC 9180) in base mode, one message per encapsulation, HKDF-SHA256 and AES-256-GCM.
 *
 * Who knows the KEM's shared secret opens this one message and no other: the *opening secret* of an item
 * sealed to a write key (protocol 4). Source: docs/protocol/sealing.md, rule S-3; published vectors.
 */
export interface HpkeSealInput {
  readonly kem: KemName;
  readonly publicKey: Uint8Array;
  readonly info: Uint8Array;
  readonly aad: Uint8Array;
  readonly plaintext: Uint8Array;
  /** For vectors alone: X25519 secret 32, or ML-KEM randomness 32 ‖ X25519 secret 32. */
  readonly ephemeralSeed?: Uint8Array;
}

export interface HpkeSealed {
  readonly enc: Uint8Array;
  /** AES-256-GCM ciphertext ‖ tag 16. */
  readonly ciphertext: Uint8Array;
}

/** Throws KEY_WEAK when nobody should be sealed to under this public key. */
export async function hpkeSeal(input: HpkeSealInput): Promise<HpkeSealed> {
  const { enc, ciphertext } = await hpkeSealWithSecret(input);
  return { enc, ciphertext };
}

/** `hpkeSeal` that also gives the KEM's shared secret. */
export async function hpkeSealWithSecret(
  input: HpkeSealInput,
): Promise<HpkeSealed & { readonly sharedSecret: Uint8Array }> {
  const { kem, publicKey, info, aad, plaintext, ephemeralSeed } = input;
  const { enc, secret } = await encapsulate(kem, publicKey, ephemeralSeed);
  const sharedSecret = sharedSecretOf(kem, secret, enc, publicKey);
  const { key, baseNonce } = hpkeKeySchedule(kem, sharedSecret, info);
  const ciphertext = await platform.aes256GcmSeal({ key, nonce: baseNonce, aad }, plaintext);
  return { enc, ciphertext, sharedSecret };
}

export interface HpkeOpenInput {
  readonly info: Uint8Array;
  readonly aad: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** Throws CANNOT_OPEN. */
export async function hpkeOpen(
  key: KemKey,
  input: HpkeOpenInput & { readonly enc: Uint8Array },
): Promise<Uint8Array> {
  const sharedSecret = await hpkeSharedSecret(key, input.enc);
  return hpkeOpenWithSharedSecret(sharedSecret, input, key.kem);
}

/** The KEM's shared secret, which opens this encapsulation's message alone. Throws CANNOT_OPEN. */
export async function hpkeSharedSecret(key: KemKey, enc: Uint8Array): Promise<Uint8Array> {
  return sharedSecretOf(key.kem, await key.decapsulate(enc), enc, key.publicKey);
}

/** Throws CANNOT_OPEN. */
export async function hpkeOpenWithSharedSecret(
  sharedSecret: Uint8Array,
  { info, aad, ciphertext }: HpkeOpenInput,
  kem: KemName = 'xwing',
): Promise<Uint8Array> {
  const { key, baseNonce } = hpkeKeySchedule(kem, sharedSecret, info);
  return platform.aes256GcmOpen({ key, nonce: baseNonce, aad }, ciphertext);
}

function encapsulate(
  kem: KemName,
  publicKey: Uint8Array,
  seed: Uint8Array | undefined,
): Promise<Encapsulation> {
  if (kem === 'x25519') return x25519Encapsulate(publicKey, seed);
  return seed === undefined ? xwingEncapsulate(publicKey) : xwingEncapsulateWith(publicKey, seed);
}

const empty = new Uint8Array(0);
const version = utf8('HPKE-v1');
const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255);
const kdfId = 0x0001;
/** AES-256-GCM. */
const aeadId = 0x0002;
const kemSuite = (kem: KemName): Uint8Array => concatBytes(utf8('KEM'), u16(kems[kem].id));
const hpkeSuite = (kem: KemName, aead: number): Uint8Array =>
  concatBytes(utf8('HPKE'), u16(kems[kem].id), u16(kdfId), u16(aead));

// HMAC pads its key with zeros, so the empty salt of RFC 9180 needs no 32 zeros written out.
function labelledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array) {
  return hmacSha256(salt, version, suite, utf8(label), ikm);
}

/** At most 32 bytes: one block of HKDF-Expand. */
function labelledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const one = Uint8Array.of(1);
  return hmacSha256(prk, u16(length), version, suite, utf8(label), info, one).subarray(0, length);
}

/** DHKEM hashes the Diffie-Hellman value with both public keys; X-Wing's secret is used as it is. */
function sharedSecretOf(
  kem: KemName,
  secret: Uint8Array,
  enc: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  if (kem === 'xwing') return secret;
  const suite = kemSuite(kem);
  const prk = labelledExtract(suite, empty, 'eae_prk', secret);
  return labelledExpand(suite, prk, 'shared_secret', concatBytes(enc, publicKey), 32);
}

/** Key and first nonce (RFC 9180 section 5.1, base mode). `aead` differs from AES-256-GCM in vectors only. */
export function hpkeKeySchedule(
  kem: KemName,
  sharedSecret: Uint8Array,
  info: Uint8Array,
  aead = aeadId,
): { readonly key: Uint8Array; readonly baseNonce: Uint8Array } {
  const suite = hpkeSuite(kem, aead);
  const pskIdHash = labelledExtract(suite, empty, 'psk_id_hash', empty);
  const infoHash = labelledExtract(suite, empty, 'info_hash', info);
  const context = concatBytes(Uint8Array.of(0), pskIdHash, infoHash);
  const secret = labelledExtract(suite, sharedSecret, 'secret', empty);
  return {
    key: labelledExpand(suite, secret, 'key', context, 32),
    baseNonce: labelledExpand(suite, secret, 'base_nonce', context, 12),
  };
}

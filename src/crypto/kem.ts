import { platform } from '#platform';
import { bytesToHex, concatBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { Recent } from '../primitives/recent.ts';
import { sha3_256, sha256, shake256 } from './hash.ts';
import type { MlKemPeer, X25519Peer } from './platform/platform.ts';

/**
 * Key encapsulation for everything sealed to a public key: X-Wing (suite 2, the default) and X25519 (suite 1).
 *
 * What for: who knows only a public key makes a secret and an *encapsulation* of it; who holds the secret key
 * gets the same secret out of the encapsulation. HPKE (hpke.ts) makes a message key of that secret.
 *
 * X-Wing runs two such mechanisms side by side and hashes both secrets into one:
 *
 *     sender                                            holder of the seed
 *     ss_M, ct_M = ML-KEM-768.Encaps(pk_M)              ss_M = ML-KEM-768.Decaps(sk_M, ct_M)
 *     ct_X = eB, ss_X = e·pk_X   (e fresh)              ss_X = x·ct_X
 *     secret = combine(ss_M, ss_X, ct_X, pk_X)          secret = combine(ss_M, ss_X, ct_X, pk_X)
 *     enc = ct_M 1,088 ‖ ct_X 32   ───────────────────▶
 *
 * Who learns what: whoever breaks X25519 alone (a quantum computer) or ML-KEM alone (mathematics) still
 * lacks the other half of the hash's input. Nobody learns who sealed: neither half authenticates the sender.
 *
 * Imported keys are kept, because importing costs as much as encapsulating.
 * Source: docs/protocol/sealing.md, rule S-2; draft-connolly-cfrg-xwing-kem (HPKE KEM 0x647A); RFC 9180 4.1.
 */
export type KemName = 'x25519' | 'xwing';

/** HPKE's registered number and the lengths of public key and encapsulation. */
export const kems = {
  x25519: { id: 0x0020, publicKeyBytes: 32, encBytes: 32 },
  xwing: { id: 0x647a, publicKeyBytes: 1216, encBytes: 1120 },
} as const;

/** A key pair that opens; the secret half does not leave it. */
export interface KemKey {
  readonly kem: KemName;
  readonly publicKey: Uint8Array;
  /** The raw secret of the KEM: for X25519 the bare Diffie-Hellman value. Throws CANNOT_OPEN. */
  readonly decapsulate: (enc: Uint8Array) => Promise<Uint8Array>;
}

export interface Encapsulation {
  readonly enc: Uint8Array;
  readonly secret: Uint8Array;
}

const mlkemPublicBytes = 1184;
const mlkemCiphertextBytes = 1088;
// The combiner's label "\./" above "/^\", which stands last.
const xwingLabel = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c);

/** What X-Wing hashes, 32 bytes each; the draft's names in brackets. */
interface XWingInput {
  /** ML-KEM's secret (ss_M). */
  readonly mlkemShared: Uint8Array;
  /** The Diffie-Hellman value (ss_X). */
  readonly x25519Shared: Uint8Array;
  /** The sender's ephemeral public key (ct_X). */
  readonly x25519Ephemeral: Uint8Array;
  /** The receiver's public key (pk_X). */
  readonly x25519Public: Uint8Array;
}

/**
 * SHA3-256(ss_M ‖ ss_X ‖ ct_X ‖ pk_X ‖ label): the draft's section 5.3, byte for byte.
 *
 * ct_X and pk_X must be inside: X25519 alone binds neither, since other points give the same value. ML-KEM's
 * ciphertext and key need not: its Fujisaki-Okamoto transform already ties them to ss_M. That holds of
 * ML-KEM and is no way to combine other KEMs. The label stands last; the draft's first versions had it first.
 */
function combine(input: XWingInput): Uint8Array {
  const { mlkemShared, x25519Shared, x25519Ephemeral, x25519Public } = input;
  return sha3_256(mlkemShared, x25519Shared, x25519Ephemeral, x25519Public, xwingLabel);
}

/** `seed`: the 32 bytes that are an X-Wing secret key. The public key is ML-KEM-768 1184 ‖ X25519 32. */
export async function xwingKeyFromSeed(seed: Uint8Array): Promise<KemKey> {
  if (seed.length !== 32) throw new CodedError('INTERNAL', { expectedSeedBytes: 32 });
  const expanded = shake256(seed, 96);
  const [mlkem, x25519] = await Promise.all([
    platform.mlkem768Key(expanded.subarray(0, 64)),
    platform.x25519Key(expanded.subarray(64)),
  ]);
  return {
    kem: 'xwing',
    publicKey: concatBytes(mlkem.publicKey, x25519.publicKey),
    async decapsulate(enc) {
      if (enc.length !== kems.xwing.encBytes) throw new CodedError('CANNOT_OPEN');
      const peer = enc.subarray(mlkemCiphertextBytes);
      const [mlkemShared, x25519Shared] = await Promise.all([
        mlkem.decapsulate(enc.subarray(0, mlkemCiphertextBytes)),
        x25519.agree(peer),
      ]);
      return combine({
        mlkemShared,
        x25519Shared,
        x25519Ephemeral: peer,
        x25519Public: x25519.publicKey,
      });
    },
  };
}

/** A bare X25519 key: HPKE’s published vectors have such. Throws INTERNAL: not 32 bytes. */
export async function x25519KeyFromSecret(secret: Uint8Array): Promise<KemKey> {
  if (secret.length !== 32) throw new CodedError('INTERNAL', { expectedSeedBytes: 32 });
  const { publicKey, agree } = await platform.x25519Key(secret);
  return {
    kem: 'x25519',
    publicKey,
    async decapsulate(enc) {
      if (enc.length !== kems.x25519.encBytes) throw new CodedError('CANNOT_OPEN');
      return agree(enc);
    },
  };
}

interface XWingPeer {
  readonly mlkem: MlKemPeer;
  readonly x25519: X25519Peer;
}

const xwingPeers = new Recent<string, Promise<XWingPeer>>(1024);
const x25519Peers = new Recent<string, Promise<X25519Peer>>(1024);

function xwingPeer(publicKey: Uint8Array): Promise<XWingPeer> {
  const name = bytesToHex(sha256(publicKey));
  return xwingPeers.getOrMake(name, async () => {
    try {
      const [mlkem, x25519] = await Promise.all([
        platform.mlkem768Peer(publicKey.subarray(0, mlkemPublicBytes)),
        platform.x25519Peer(publicKey.subarray(mlkemPublicBytes)),
      ]);
      return { mlkem, x25519 };
    } catch (cause) {
      xwingPeers.delete(name);
      throw cause;
    }
  });
}

/** `enc` = ML-KEM ciphertext 1088 ‖ X25519 public key 32; the secret has 32 bytes. Throws KEY_WEAK. */
export async function xwingEncapsulate(publicKey: Uint8Array): Promise<Encapsulation> {
  if (publicKey.length !== kems.xwing.publicKeyBytes) throw new CodedError('KEY_WEAK');
  const peer = await xwingPeer(publicKey);
  const [mlkem, x25519] = await Promise.all([peer.mlkem.encapsulate(), peer.x25519.agree()]);
  return {
    enc: concatBytes(mlkem.ciphertext, x25519.publicKey),
    secret: combine({
      mlkemShared: mlkem.shared,
      x25519Shared: x25519.shared,
      x25519Ephemeral: x25519.publicKey,
      x25519Public: publicKey.subarray(mlkemPublicBytes),
    }),
  };
}

/** The draft's EncapsulateDerand: `coins` = ML-KEM randomness 32 ‖ X25519 secret 32, of who is to make the same again. Throws KEY_WEAK. */
export async function xwingEncapsulateWith(
  publicKey: Uint8Array,
  coins: Uint8Array,
): Promise<Encapsulation> {
  const { ml_kem768 } = await import('@noble/post-quantum/ml-kem.js');
  const mlkem = ml_kem768.encapsulate(
    publicKey.subarray(0, mlkemPublicBytes),
    coins.subarray(0, 32),
  );
  const x25519Public = publicKey.subarray(mlkemPublicBytes);
  const peer = await platform.x25519Peer(x25519Public);
  const x25519 = await peer.agree(coins.subarray(32));
  return {
    enc: concatBytes(mlkem.cipherText, x25519.publicKey),
    secret: combine({
      mlkemShared: mlkem.sharedSecret,
      x25519Shared: x25519.shared,
      x25519Ephemeral: x25519.publicKey,
      x25519Public,
    }),
  };
}

/** The X25519 half of DHKEM: `enc` is the ephemeral public key. Throws KEY_WEAK. */
export async function x25519Encapsulate(
  publicKey: Uint8Array,
  ephemeralSecret?: Uint8Array,
): Promise<Encapsulation> {
  if (publicKey.length !== kems.x25519.publicKeyBytes) throw new CodedError('KEY_WEAK');
  const peer = await x25519Peers.getOrMake(bytesToHex(publicKey), () =>
    platform.x25519Peer(publicKey),
  );
  const own = await peer.agree(ephemeralSecret);
  return { enc: own.publicKey, secret: own.shared };
}

/** `key.decapsulate` that takes X-Wing keys alone. Throws CANNOT_OPEN. */
export async function xwingDecapsulate(key: KemKey, enc: Uint8Array): Promise<Uint8Array> {
  if (key.kem !== 'xwing') throw new CodedError('CANNOT_OPEN');
  return key.decapsulate(enc);
}

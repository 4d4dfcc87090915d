import { shake128 } from '@noble/hashes/sha3.js';
import { platform } from '#platform';
import { hmacSha256 } from '../../src/crypto/hash.ts';
import { hpkeKeySchedule, hpkeSealWithSecret, hpkeSharedSecret } from '../../src/crypto/hpke.ts';
import { x25519KeyFromSecret, xwingKeyFromSeed } from '../../src/crypto/kem.ts';
import { concatBytes, equalBytes, utf8 } from '../../src/primitives/bytes.ts';
import { hex, isHex, type Outcome, readJson, Tally } from './tally.ts';

/** RFC 9180's vectors and those of the post-quantum KEMs, as FiloSottile/hpke keeps them; ours are the entries of our suites. */
interface HpkeCase {
  readonly mode: number;
  readonly kem_id: number;
  readonly kdf_id: number;
  readonly aead_id: number;
  readonly info: string;
  readonly ikmE: string;
  readonly ikmR: string;
  readonly skRm: string;
  readonly pkRm: string;
  readonly enc: string;
  readonly shared_secret?: string;
  readonly key?: string;
  readonly base_nonce?: string;
  readonly encryptions_accumulated?: string;
}

const empty = new Uint8Array(0);

/** DeriveKeyPair of DHKEM(X25519) (RFC 9180 section 7.1.3): how the vectors give ephemeral keys. */
function deriveX25519Secret(ikm: Uint8Array): Uint8Array {
  const suite = concatBytes(utf8('KEM'), Uint8Array.of(0, 0x20));
  const prk = hmacSha256(empty, utf8('HPKE-v1'), suite, utf8('dkp_prk'), ikm);
  const labelled = [utf8('HPKE-v1'), suite, utf8('sk')];
  return hmacSha256(prk, Uint8Array.of(0, 32), ...labelled, Uint8Array.of(1));
}

/** A thousand messages of a sender, squeezed into 16 bytes: the publisher's way to keep the file small. */
async function accumulated(key: Uint8Array, baseNonce: Uint8Array): Promise<Uint8Array> {
  const source = shake128.create();
  const sink = shake128.create();
  const draw = (): Uint8Array => source.xof(source.xof(1)[0] ?? 0);
  for (let sequence = 0; sequence < 1000; sequence++) {
    const aad = draw();
    const plaintext = draw();
    const nonce = baseNonce.slice();
    nonce[10] = (nonce[10] ?? 0) ^ (sequence >> 8);
    nonce[11] = (nonce[11] ?? 0) ^ (sequence & 255);
    sink.update(await platform.aes256GcmSeal({ key, nonce, aad }, plaintext));
  }
  return sink.xof(16);
}

export async function hpkeRfc9180(path: string): Promise<Outcome> {
  const tally = new Tally('hpke/rfc9180.json');
  for (const [index, test] of readJson<readonly HpkeCase[]>(path).entries()) {
    const ours = test.mode === 0 && test.kem_id === 0x20 && test.kdf_id === 1 && test.aead_id === 2;
    if (!ours) continue;
    const info = hex(test.info);
    const sealed = await hpkeSealWithSecret({
      kem: 'x25519',
      publicKey: hex(test.pkRm),
      info,
      aad: empty,
      plaintext: empty,
      ephemeralSeed: deriveX25519Secret(hex(test.ikmE)),
    });
    const key = await x25519KeyFromSecret(hex(test.skRm));
    const shared = await hpkeSharedSecret(key, hex(test.enc));
    const schedule = hpkeKeySchedule('x25519', shared, info);
    tally.check(`${index} enc`, isHex(sealed.enc, test.enc));
    tally.check(`${index} public key`, isHex(key.publicKey, test.pkRm));
    tally.check(`${index} both sides`, equalBytes(sealed.sharedSecret, shared));
    tally.check(
      `${index} encryptions`,
      isHex(
        await accumulated(schedule.key, schedule.baseNonce),
        test.encryptions_accumulated ?? '',
      ),
    );
  }
  return tally.outcome();
}

/** The file has X-Wing with ChaCha20-Poly1305 alone: KEM and key schedule are checked, not the AEAD. */
export async function hpkePostQuantum(path: string): Promise<Outcome> {
  const tally = new Tally('hpke/hpke-pq.json');
  for (const [index, test] of readJson<readonly HpkeCase[]>(path).entries()) {
    if (test.mode !== 0 || test.kem_id !== 0x647a) continue;
    const info = hex(test.info);
    const key = await xwingKeyFromSeed(hex(test.skRm));
    const sealed = await hpkeSealWithSecret({
      kem: 'xwing',
      publicKey: hex(test.pkRm),
      info,
      aad: empty,
      plaintext: empty,
      ephemeralSeed: hex(test.ikmE),
    });
    const shared = await hpkeSharedSecret(key, hex(test.enc));
    tally.check(`${index} public key`, isHex(key.publicKey, test.pkRm));
    tally.check(`${index} enc`, isHex(sealed.enc, test.enc));
    tally.check(`${index} both sides`, equalBytes(sealed.sharedSecret, shared));
    tally.check(`${index} shared secret`, isHex(shared, test.shared_secret ?? ''));
    if (test.kdf_id !== 1) continue;
    const schedule = hpkeKeySchedule('xwing', shared, info, test.aead_id);
    tally.check(`${index} key`, isHex(schedule.key, test.key ?? ''));
    tally.check(`${index} nonce`, isHex(schedule.baseNonce, test.base_nonce ?? ''));
  }
  return tally.outcome();
}

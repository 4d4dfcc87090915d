import { randomBytes } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js';
import { hpkeOpen, hpkeSeal } from '../src/crypto/hpke.ts';
import {
  x25519KeyFromSecret,
  xwingDecapsulate,
  xwingEncapsulate,
  xwingKeyFromSeed,
} from '../src/crypto/kem.ts';
import type { Report } from './figures.ts';
import { interleave } from './interleave.ts';

/** HPKE of a 32-byte key against @hpke/core, X-Wing against noble: keys imported once on both sides. */
export async function benchEnvelope(report: Report): Promise<void> {
  const rounds = 9;
  const timing = { rounds, msPerRound: 250 };
  const info = new TextEncoder().encode('salus bench');
  const aad = new Uint8Array(randomBytes(64));
  const plaintext = new Uint8Array(randomBytes(32));

  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
  const peerKeys = await suite.kem.generateKeyPair();
  const secret = new Uint8Array(randomBytes(32));
  const ours = await x25519KeyFromSecret(secret);
  const sealed = await hpkeSeal({ kem: 'x25519', publicKey: ours.publicKey, info, aad, plaintext });
  const buffer = (bytes: Uint8Array) => new Uint8Array(bytes).buffer;
  const peerSealed = await suite.seal(
    { recipientPublicKey: peerKeys.publicKey, info: buffer(info) },
    buffer(plaintext),
    buffer(aad),
  );

  const seal = await interleave(
    () => hpkeSeal({ kem: 'x25519', publicKey: ours.publicKey, info, aad, plaintext }),
    () =>
      suite.seal(
        { recipientPublicKey: peerKeys.publicKey, info: buffer(info) },
        buffer(plaintext),
        buffer(aad),
      ),
    timing,
  );
  const open = await interleave(
    () => hpkeOpen(ours, { enc: sealed.enc, info, aad, ciphertext: sealed.ciphertext }),
    () =>
      suite.open(
        { recipientKey: peerKeys.privateKey, enc: peerSealed.enc, info: buffer(info) },
        peerSealed.ct,
        buffer(aad),
      ),
    timing,
  );
  const base = { bench: 'envelope', unit: 'us', n: 1, rounds };
  const core = '@hpke/core';
  report({
    ...base,
    figure: 'hpke-seal',
    value: seal.a,
    peer: core,
    peerValue: seal.b,
    ratio: seal.ratio,
    goal: '>= 2',
    ok: seal.ratio >= 2,
  });
  report({
    ...base,
    figure: 'hpke-open',
    value: open.a,
    peer: core,
    peerValue: open.b,
    ratio: open.ratio,
    goal: '>= 2',
    ok: open.ratio >= 2,
  });

  const noble = ml_kem768_x25519.keygen();
  const xwing = await xwingKeyFromSeed(new Uint8Array(randomBytes(32)));
  const nobleCapsule = ml_kem768_x25519.encapsulate(noble.publicKey);
  const capsule = await xwingEncapsulate(xwing.publicKey);
  const encaps = await interleave(
    () => xwingEncapsulate(xwing.publicKey),
    () => ml_kem768_x25519.encapsulate(noble.publicKey),
    timing,
  );
  const decaps = await interleave(
    () => xwingDecapsulate(xwing, capsule.enc),
    () => ml_kem768_x25519.decapsulate(nobleCapsule.cipherText, noble.secretKey),
    timing,
  );
  const peer = '@noble/post-quantum';
  report({
    ...base,
    figure: 'xwing-encaps',
    value: encaps.a,
    peer,
    peerValue: encaps.b,
    ratio: encaps.ratio,
    goal: '>= 10',
    ok: encaps.ratio >= 10,
  });
  report({
    ...base,
    figure: 'xwing-decaps',
    value: decaps.a,
    peer,
    peerValue: decaps.b,
    ratio: decaps.ratio,
    goal: '>= 10',
    ok: decaps.ratio >= 10,
  });
}

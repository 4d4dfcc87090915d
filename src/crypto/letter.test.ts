import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js';
import fc from 'fast-check';
import { utf8 } from '../primitives/bytes.ts';
import type { Cbor } from '../primitives/cbor.ts';
import { isCoded } from '../primitives/errors.ts';
import {
  hpkeOpen,
  hpkeOpenWithSharedSecret,
  hpkeSeal,
  hpkeSealWithSecret,
  hpkeSharedSecret,
} from './hpke.ts';
import { kems, x25519KeyFromSecret, xwingEncapsulate, xwingKeyFromSeed } from './kem.ts';
import { labels } from './labels.ts';
import { letterOverheadBytes, openWith, sealTo } from './letter.ts';
import { randomBytes } from './random.ts';

const cannotOpen = (error: unknown): boolean => isCoded(error, 'CANNOT_OPEN');
const keyWeak = (error: unknown): boolean => isCoded(error, 'KEY_WEAK');
const seed = randomBytes(32);
const key = await xwingKeyFromSeed(seed);
const none = new Uint8Array(0);

test('a letter opens for its reader, purpose, context and associated data alone', async () => {
  const other = await xwingKeyFromSeed(randomBytes(32));
  const context: Cbor = ['consent', 1];
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), async (plaintext, aad) => {
      const sealed = await sealTo(key.publicKey, labels.letterSeal, context, aad, plaintext);
      assert.equal(sealed.length, plaintext.length + letterOverheadBytes);
      assert.deepEqual(await openWith(key, labels.letterSeal, context, aad, sealed), plaintext);
      const longer = Uint8Array.of(...aad, 1);
      for (const opening of [
        () => openWith(other, labels.letterSeal, context, aad, sealed),
        () => openWith(key, labels.inboxSeal, context, aad, sealed),
        () => openWith(key, labels.letterSeal, ['consent', 2], aad, sealed),
        () => openWith(key, labels.letterSeal, context, longer, sealed),
        () => openWith(key, labels.letterSeal, context, aad, sealed.subarray(0, -1)),
        () => openWith(key, labels.letterSeal, context, aad, sealed.subarray(0, 1000)),
      ]) {
        await assert.rejects(opening(), cannotOpen);
      }
    }),
    { numRuns: 20 },
  );
});

test('no flipped bit of a letter goes unnoticed', async () => {
  const sealed = await sealTo(key.publicKey, labels.letterSeal, null, none, utf8('hello'));
  await fc.assert(
    fc.asyncProperty(fc.nat(sealed.length * 8 - 1), async (bit) => {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await assert.rejects(openWith(key, labels.letterSeal, null, none, changed), cannotOpen);
    }),
    { numRuns: 60 },
  );
});

test('two letters of one text share neither encapsulation nor ciphertext', async () => {
  const seal = () => sealTo(key.publicKey, labels.letterSeal, null, none, new Uint8Array(32));
  const [a, b] = await Promise.all([seal(), seal()]);
  assert.notDeepEqual(a.subarray(0, kems.xwing.encBytes), b.subarray(0, kems.xwing.encBytes));
  assert.notDeepEqual(a.subarray(-48), b.subarray(-48));
});

test('X-Wing agrees with noble in both directions', async () => {
  const noble = ml_kem768_x25519.keygen(seed);
  assert.deepEqual(key.publicKey, noble.publicKey);
  const theirs = ml_kem768_x25519.encapsulate(key.publicKey);
  assert.deepEqual(await key.decapsulate(theirs.cipherText), theirs.sharedSecret);
  const ours = await xwingEncapsulate(key.publicKey);
  assert.deepEqual(ml_kem768_x25519.decapsulate(ours.enc, noble.secretKey), ours.secret);
});

test('suite 1 agrees with @hpke/core in both directions', async () => {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });
  const own = await x25519KeyFromSecret(new Uint8Array(32).fill(9));
  const secret = await suite.kem.deserializePrivateKey(new Uint8Array(32).fill(9).buffer);
  const publicKey = await suite.kem.deserializePublicKey(new Uint8Array(own.publicKey).buffer);
  const info = new Uint8Array(utf8('info'));
  const aad = new Uint8Array(utf8('aad'));
  const plaintext = new Uint8Array(utf8('hello'));

  const ours = await hpkeSeal({ kem: 'x25519', publicKey: own.publicKey, info, aad, plaintext });
  const enc = new Uint8Array(ours.enc).buffer;
  const opener = await suite.createRecipientContext({
    recipientKey: secret,
    enc,
    info: info.buffer,
  });
  const opened = await opener.open(new Uint8Array(ours.ciphertext).buffer, aad.buffer);
  assert.deepEqual(new Uint8Array(opened), plaintext);

  const sender = await suite.createSenderContext({
    recipientPublicKey: publicKey,
    info: info.buffer,
  });
  const theirs = new Uint8Array(await sender.seal(plaintext.buffer, aad.buffer));
  assert.deepEqual(
    await hpkeOpen(own, { enc: new Uint8Array(sender.enc), info, aad, ciphertext: theirs }),
    plaintext,
  );
});

test('the shared secret opens the one message it was made for', async () => {
  const seal = (plaintext: Uint8Array) =>
    hpkeSealWithSecret({
      kem: 'xwing',
      publicKey: key.publicKey,
      info: utf8('info'),
      aad: none,
      plaintext,
    });
  const [first, second] = await Promise.all([seal(utf8('first')), seal(utf8('second'))]);
  assert.deepEqual(await hpkeSharedSecret(key, first.enc), first.sharedSecret);
  const open = (secret: Uint8Array, ciphertext: Uint8Array, info = 'info') =>
    hpkeOpenWithSharedSecret(secret, { info: utf8(info), aad: none, ciphertext });
  assert.deepEqual(await open(first.sharedSecret, first.ciphertext), utf8('first'));
  await assert.rejects(open(first.sharedSecret, second.ciphertext), cannotOpen);
  await assert.rejects(open(first.sharedSecret, first.ciphertext, 'other'), cannotOpen);
});

test('nothing is sealed to a key that is too short, not reduced or of small order', async () => {
  const unreduced = key.publicKey.slice().fill(0xff, 0, 3);
  const smallOrder = key.publicKey.slice().fill(0, 1184);
  for (const publicKey of [none, key.publicKey.subarray(1), unreduced, smallOrder]) {
    const sealing = sealTo(publicKey, labels.letterSeal, null, none, none);
    await assert.rejects(sealing, keyWeak);
  }
  // A refused key is refused again: what is kept of it is no broken import.
  await assert.rejects(sealTo(unreduced, labels.letterSeal, null, none, none), keyWeak);
});

test('an encapsulation whose X25519 half is of small order does not open', async () => {
  const sealed = await sealTo(key.publicKey, labels.letterSeal, null, none, none);
  sealed.fill(0, 1088, 1120);
  await assert.rejects(openWith(key, labels.letterSeal, null, none, sealed), cannotOpen);
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { sealUnderKey } from '../../src/crypto/aead.ts';
import { sealChunkedWithSalt } from '../../src/crypto/chunked.ts';
import { pointFromScalarSeed, proofOfPoint } from '../../src/crypto/group.ts';
import { deriveKey, labelledHash, labelledInfo, sha256 } from '../../src/crypto/hash.ts';
import { hpkeSealWithSecret } from '../../src/crypto/hpke.ts';
import { x25519KeyFromSecret, xwingKeyFromSeed } from '../../src/crypto/kem.ts';
import { labels } from '../../src/crypto/labels.ts';
import { keyFromPassphrase } from '../../src/crypto/passphrase.ts';
import { signingKeyFromSeed, signLabelled } from '../../src/crypto/signature.ts';
import { bytesToHex, utf8 } from '../../src/primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../src/primitives/cbor.ts';
import { formats } from './formats/index.ts';

/**
 * `node test/vectors/generate.ts`: writes `own/*.json` anew, the known answers for what nobody publishes.
 * A file that changes is a changed protocol. All inputs are fixed patterns, so that others can type them in.
 */
const hex = bytesToHex;
const pattern = (length: number, start: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (start + i) % 251);

function write(name: string, about: string, cases: readonly object[]): void {
  const folder = `${import.meta.dirname}/own`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}.json`, `${JSON.stringify({ about, cases }, null, 2)}\n`);
}

const contexts: readonly Cbor[] = [
  [],
  [pattern(32, 9), 7],
  ['text', 2 ** 40, pattern(16, 3), true, null],
];

write(
  'derivations',
  'rules L-1 and L-3: key = HKDF-SHA-256(secret, no salt, label | 00 | CBOR context), hash = SHA-256(label | 00 | CBOR context)',
  Object.values(labels).map((label) => {
    // From the label alone, so that a new label changes no other row.
    const secret = sha256(utf8(label));
    const context = contexts[label.length % contexts.length] ?? null;
    return {
      label,
      secret: hex(secret),
      context: hex(encodeCbor(context)),
      key32: hex(deriveKey(secret, label, context)),
      key64: hex(deriveKey(secret, label, context, 64)),
      hash: hex(labelledHash(label, encodeCbor(context))),
    };
  }),
);

const signingKey = await signingKeyFromSeed(pattern(32, 1));
write(
  'signatures',
  'rule S-1: Ed25519 over label | 00 | SHA-256(bytes)',
  await Promise.all(
    [labels.txSign, labels.readSign, labels.recordSign].map(async (label, index) => {
      const bytes = pattern(index * 100, index);
      return {
        seed: hex(pattern(32, 1)),
        publicKey: hex(signingKey.publicKey),
        label,
        bytes: hex(bytes),
        signature: hex(await signLabelled(signingKey, label, bytes)),
      };
    }),
  ),
);

write(
  'chunked',
  'rule S-5: plaintext byte i = (5 + i) mod 251; large results as SHA-256',
  await Promise.all(
    [0, 1, 16_383, 16_384, 16_385, 100_000].map(async (length) => {
      const [key, salt, context] = [pattern(32, 2), pattern(24, 3), utf8(`length ${length}`)];
      const sealed = await sealChunkedWithSalt(key, context, pattern(length, 5), salt);
      return {
        key: hex(key),
        salt: hex(salt),
        context: hex(context),
        length,
        head: hex(sealed.subarray(0, 56)),
        sealedSha256: hex(sha256(sealed)),
      };
    }),
  ),
);

write(
  'wrap',
  'rule S-4: nonce 12 | AES-256-GCM ciphertext | tag 16',
  await Promise.all(
    [32, 0, 100].map(async (length) => {
      const [key, nonce, aad] = [pattern(32, 4), pattern(12, length), pattern(length, 6)];
      const plaintext = pattern(length, 7);
      return {
        key: hex(key),
        nonce: hex(nonce),
        aad: hex(aad),
        plaintext: hex(plaintext),
        sealed: hex(await sealUnderKey(key, aad, plaintext, nonce)),
      };
    }),
  ),
);

const recipients = {
  x25519: { key: await x25519KeyFromSecret(pattern(32, 8)), ephemeralSeed: pattern(32, 10) },
  xwing: { key: await xwingKeyFromSeed(pattern(32, 8)), ephemeralSeed: pattern(64, 10) },
};
write(
  'hpke',
  'rules S-2 and S-3: info = label | 00 | CBOR context; ephemeral seed = X25519 secret, or ML-KEM randomness | X25519 secret',
  await Promise.all(
    (['x25519', 'xwing'] as const).flatMap((kem) =>
      ([labels.letterSeal, labels.recordSeal] as const).map(async (label, index) => {
        const { key, ephemeralSeed } = recipients[kem];
        const info = labelledInfo(label, contexts[index] ?? null);
        const [aad, plaintext] = [pattern(index * 20, 11), pattern(32, 12)];
        const { publicKey } = key;
        const sealed = await hpkeSealWithSecret({
          ...{ kem, publicKey, info, aad, plaintext, ephemeralSeed },
        });
        return {
          kem,
          secret: hex(pattern(32, 8)),
          publicKeySha256: hex(sha256(publicKey)),
          ephemeralSeed: hex(ephemeralSeed),
          info: hex(info),
          aad: hex(aad),
          plaintext: hex(plaintext),
          enc: hex(sealed.enc),
          sharedSecret: hex(sealed.sharedSecret),
          ciphertext: hex(sealed.ciphertext),
        };
      }),
    ),
  ),
);

write(
  'points',
  'rule S-7: point and proof of knowledge of its scalar',
  await Promise.all(
    [0, 1, 2].map(async (index) => {
      const [seed, context] = [pattern(64, 20 + index), pattern(index * 40, index)];
      return {
        seed: hex(seed),
        context: hex(context),
        point: hex(await pointFromScalarSeed(seed)),
        proof: hex(await proofOfPoint(seed, context)),
      };
    }),
  ),
);

write(
  'passphrases',
  'rule S-6: Argon2id over the NFKC form',
  await Promise.all(
    ['correct horse battery', 'cafe\u0301 ﬁn'].map(async (passphrase, index) => {
      const cost = { memoryKiB: 19_456, passes: 2 + index, salt: pattern(16, index) };
      const key = await keyFromPassphrase(passphrase, cost);
      return { passphrase, ...cost, salt: hex(cost.salt), key: hex(key) };
    }),
  ),
);

for (const [name, { about, cases }] of Object.entries(await formats()))
  write(name, about, await cases());

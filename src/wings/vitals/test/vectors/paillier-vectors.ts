import { type Format, hex, pattern } from '../../../../../test/vectors/formats/write.ts';
import { accountOf } from '../../../../../test/world.ts';
import { encodeSigned } from '../../../../api/signed.ts';
import { sha256 } from '../../../../crypto/hash.ts';
import { randomBytes } from '../../../../crypto/random.ts';
import { u32be } from '../../../../primitives/bytes.ts';
import { encodeAs } from '../../../../primitives/shape.ts';
import { encodeEncryptedAnswer, paillierKeyId } from '../../api/encrypted-answer.ts';
import { paillierKey } from '../../api/paillier-key.ts';
import { encodeManifest } from '../../api/query-manifest.ts';
import { field64 } from '../../crypto/field.ts';
import {
  addCiphertexts,
  type Ciphertext,
  ciphertextToBytes,
} from '../../crypto/paillier/ciphertext.ts';
import { type Decryption, openDecryption } from '../../crypto/paillier/decryption.ts';
import { type Encryption, openEncryption } from '../../crypto/paillier/encryption.ts';
import { modularArithmetic } from '../../crypto/paillier/kernel-arithmetic.ts';
import { proveKey } from '../../crypto/paillier/key-proof.ts';
import {
  encodeSecretKey,
  modulusToBytes,
  rootToBytes,
  type SecretKey,
} from '../../crypto/paillier/keys.ts';
import type { ModularArithmetic } from '../../crypto/paillier/modular-arithmetic.ts';
import { encryptPart, openPartSum } from '../../crypto/paillier/packed-answer.ts';
import { packSlots } from '../../crypto/paillier/slots.ts';
import { openEncrypted } from '../../sdk/asking/encrypted-form.ts';
import { keyOf, repeating } from '../settings/paillier-keys.ts';

const cipher = (ciphertext: Ciphertext): string => hex(ciphertextToBytes(ciphertext));

/** A key from fixed chance, messages under it, and what becomes of them. */
async function keyAndNumbers(seed: number) {
  const arithmetic = await modularArithmetic();
  const secretKey = await keyOf(seed);
  const { publicKey: key } = secretKey;
  const by = { arithmetic, random: repeating(pattern(32, seed)) };
  const encryption = openEncryption(key, by);
  // Its masks leave no trace: their chance is not that of the ciphertexts.
  const decryption = openDecryption(secretKey, { arithmetic, random: randomBytes });
  const messages = [0n, 1n, key.modulus - 1n, packSlots({ count: 3, bits: 72 }, [5n, 0n, 7n], 8n)];
  const [first, ...rest] = messages.map((message) => encryption.encrypt(message));
  if (first === undefined) throw new Error('no message');
  const sum = addCiphertexts(key, [first, ...rest]);
  const multiple = encryption.multiply(sum, 1_000_003n);
  const masked = encryption.mask(multiple);
  return {
    seed: hex(u32be(seed)),
    ...{ modulus: hex(modulusToBytes(key)), root: hex(rootToBytes(key)) },
    secretKey: hex(encodeSecretKey(secretKey)),
    chance: hex(pattern(32, seed)),
    messages: messages.map(String),
    ciphertexts: [first, ...rest].map(cipher),
    ...{ sum: cipher(sum), factor: 1_000_003, multiple: cipher(multiple), masked: cipher(masked) },
    opened: String(decryption.decrypt(masked)),
    ...answerOf(encryption, decryption),
    ...proofOf(secretKey, by.arithmetic),
  };
}

/** Three servers' parts, the largest elements and others, their ciphertexts, and what their product opens to. */
function answerOf(encryption: Encryption, decryption: Decryption) {
  const largest = field64.p - 1n;
  const parts = [
    [largest, 0n, 1n, 2n ** 63n],
    [largest, 0n, 5n, 2n ** 63n],
    [largest, 0n, largest, 2n ** 32n],
  ];
  const [first, ...rest] = parts.map((part) => encryptPart(encryption, part));
  if (first === undefined) throw new Error('no part');
  const answer = addCiphertexts(encryption.key, [first, ...rest]);
  return {
    parts: parts.map((part) => part.map(String)),
    ...{ partCiphertexts: [first, ...rest].map(cipher), answer: cipher(answer) },
    answered: openPartSum(decryption, answer, 4).map(String),
  };
}

/** The proof of a key, made with chance of its own; what is long as SHA-256. */
function proofOf(secretKey: SecretKey, arithmetic: ModularArithmetic) {
  const [owner, proofChance] = [pattern(32, 90), pattern(32, 91)];
  const proof = proveKey(secretKey, owner, { arithmetic, random: repeating(proofChance) });
  const { publicKey: key } = secretKey;
  const written = { modulus: modulusToBytes(key), root: rootToBytes(key), proof };
  return {
    ...{ owner: hex(owner), proofChance: hex(proofChance), witness: hex(proof.witness) },
    ...{ firstRoot: hex(proof.roots.subarray(0, 384)), signs: hex(proof.signs) },
    firstFourthRoot: hex(proof.fourthRoots.subarray(0, 384)),
    publicKeySha256: hex(sha256(encodeAs(paillierKey, written))),
  };
}

export const paillier: Format = {
  about:
    'vitals-paillier.md VD-1 to VD-19: keys searched with the chance SHA-256(seed | u32 0) | SHA-256(seed | u32 1) ..., messages with that of `chance` (three slots of 72 bits last), their sum, its multiple, that masked anew and opened, three parts of an answer and their sum, and the proof of the key with the chance of `proofChance`',
  cases: async () => [await keyAndNumbers(1)],
};

/** The parts of three servers as they travel, with chance of their own, and what their product opens to. */
async function answersUnder(seed: number) {
  const arithmetic = await modularArithmetic();
  const secretKey = await keyOf(seed);
  const { publicKey: key } = secretKey;
  const name = paillierKeyId({ modulus: modulusToBytes(key), root: rootToBytes(key) });
  const [chance, query, selection] = [pattern(32, 95), pattern(32, 96), pattern(32, 97)];
  const encryption = openEncryption(key, { arithmetic, random: repeating(chance) });
  const largest = field64.p - 1n;
  const parts = [
    [largest, 3n, 0n],
    [5n, largest, largest],
    [largest, largest, largest],
  ];
  const signed = encodeSigned({ bytes: questionBytes(), signature: new Uint8Array(64) });
  const answers = parts.map((part, at) =>
    encodeEncryptedAnswer({
      ...{ query: hex(query), place: at + 1, selection, key: name },
      ciphertext: ciphertextToBytes(encryptPart(encryption, part)),
    }),
  );
  const opened = await openEncrypted({ query, signed }, answers, { id: name, secretKey });
  return {
    ...{ seed: hex(u32be(seed)), key: name, chance: hex(chance) },
    ...{ query: hex(query), selection: hex(selection) },
    parts: parts.map((part) => part.map(String)),
    answers: answers.map(hex),
    ciphertext: hex(opened.ciphertext),
    values: opened.values.map(String),
  };
}

/** Of a mean: three numbers are released. */
const questionBytes = (): Uint8Array =>
  encodeManifest({
    ...{ chainId: 'salus-vectors', researcher: accountOf('rosa'), permit: '01'.repeat(16) },
    ...{ dataset: '02'.repeat(16), purpose: 'research', asOfBatch: 1, cohort: [] },
    ...{ question: { kind: 'mean', vital: 0 }, fromHour: 1, untilHour: 2, microRho: 1 },
    ...{ issuedMs: 1, expiresMs: 2, nonce: new Uint8Array(16) },
  });

export const paillierAnswers: Format = {
  about:
    'vitals-paillier.md VD-19, VD-21, VD-24 and VD-25: the key of `seed` as in paillier.json and its name, three parts encrypted one after the other with the chance of `chance` as they travel, their product, and the numbers that it opens to',
  cases: async () => [await answersUnder(1)],
};

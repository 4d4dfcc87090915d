import { type Format, hex, pattern } from '../../../../test/vectors/formats/write.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { u32be } from '../../../primitives/bytes.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import { paillierKey } from '../api/paillier-key.ts';
import {
  addCiphertexts,
  type Ciphertext,
  ciphertextToBytes,
} from '../crypto/paillier/ciphertext.ts';
import { openDecryption } from '../crypto/paillier/decryption.ts';
import { openEncryption } from '../crypto/paillier/encryption.ts';
import { modularArithmetic } from '../crypto/paillier/kernel-arithmetic.ts';
import { proveKey } from '../crypto/paillier/key-proof.ts';
import {
  encodeSecretKey,
  modulusToBytes,
  rootToBytes,
  type SecretKey,
} from '../crypto/paillier/keys.ts';
import type { ModularArithmetic } from '../crypto/paillier/modular-arithmetic.ts';
import { packSlots } from '../crypto/paillier/slots.ts';
import { keyOf, repeating } from './paillier-keys.ts';

const cipher = (ciphertext: Ciphertext): string => hex(ciphertextToBytes(ciphertext));

/** A key from fixed chance, messages under it, and what becomes of them. */
async function keyAndNumbers(seed: number) {
  const arithmetic = await modularArithmetic();
  const secretKey = await keyOf(seed);
  const { publicKey: key } = secretKey;
  const by = { arithmetic, random: repeating(pattern(32, seed)) };
  const encryption = openEncryption(key, by);
  const decryption = openDecryption(secretKey, by);
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
    ...proofOf(secretKey, by.arithmetic),
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
    'vitals-paillier.md VD-1 to VD-16: keys searched with the chance SHA-256(seed | u32 0) | SHA-256(seed | u32 1) ..., messages with that of `chance` (three slots of 72 bits last), their sum, its multiple, that masked anew and opened, and the proof of the key with the chance of `proofChance`',
  cases: async () => [await keyAndNumbers(1)],
};

import { createPublicKey, verify } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { isStrictSignature } from '../../crypto/ed25519-strict.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { Recent } from '../../primitives/recent.ts';
import { giveWay } from './priority.ts';
import { type Question, unpackQuestions } from './verify-batch.ts';

/** A thread of the pool of verify-pool.ts: questions in, one byte for each out, 1 for yes. */

/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410). */
const spkiHead = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 33, 0];
const keys = new Recent<string, ReturnType<typeof createPublicKey>>(4096);

function holds({ publicKey, signature, message }: Question): boolean {
  if (!isStrictSignature(publicKey, signature)) return false;
  try {
    const key = keys.getOrMake(bytesToHex(publicKey), () => {
      const der = Buffer.from([...spkiHead, ...publicKey]);
      return createPublicKey({ key: der, format: 'der', type: 'spki' });
    });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}

giveWay();
parentPort?.on('message', (batch: Uint8Array) => {
  const answers = unpackQuestions(batch).map((question) => (holds(question) ? 1 : 0));
  parentPort?.postMessage(Uint8Array.from(answers));
});

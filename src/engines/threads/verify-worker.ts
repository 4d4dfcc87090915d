import { createPublicKey, verify } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { isStrictSignature } from '../../crypto/ed25519-strict.ts';
import { Recent } from '../../primitives/recent.ts';
import { giveWay } from './priority.ts';
import { type Question, unpackQuestions } from './verify-batch.ts';

/** A thread of the pool of verify-pool.ts: questions in, one byte for each out, 1 for yes. */

/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410). */
const spkiHead = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 33, 0];
const keys = new Recent<string, ReturnType<typeof createPublicKey>>(4096);

function isStrictlySigned({ key: publicKey, message, proof }: Question): boolean {
  if (!isStrictSignature(publicKey, proof)) return false;
  try {
    const name = Buffer.from(publicKey.buffer, publicKey.byteOffset, 32).toString('latin1');
    const key = keys.getOrMake(name, () => {
      const der = Buffer.from([...spkiHead, ...publicKey]);
      return createPublicKey({ key: der, format: 'der', type: 'spki' });
    });
    return verify(null, message, key, proof);
  } catch {
    return false;
  }
}

/** The curves in JavaScript are loaded by the first question that needs them: most threads never do. */
async function holdsSlowly({ check, key, message, proof }: Question): Promise<boolean> {
  const { ownThread } = await import('./curves.ts');
  return check === 'vote'
    ? ownThread.verifyVote(key, message, proof)
    : ownThread.verifyPointProof(key, message, proof);
}

async function answersTo(batch: Uint8Array): Promise<Uint8Array> {
  const questions = unpackQuestions(batch);
  const answers = new Uint8Array(questions.length);
  for (const [index, question] of questions.entries()) {
    const { check } = question;
    let holds = check !== 'point-proof' && isStrictlySigned(question);
    if (!holds && check !== 'signature') holds = await holdsSlowly(question);
    answers[index] = holds ? 1 : 0;
  }
  return answers;
}

giveWay();
// In the order in which they came: the pool tells the answers apart by it.
let last = Promise.resolve();
parentPort?.on('message', (batch: Uint8Array) => {
  last = last.then(async () => parentPort?.postMessage(await answersTo(batch)));
});

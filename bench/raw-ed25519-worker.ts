import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** A thread of raw-ed25519.ts: told for how many milliseconds, it answers how many signatures it verified. */

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
// As long as what a transaction's signature covers: label, zero, hash.
const message = randomBytes(49);
const signature = sign(null, message, privateKey);

parentPort?.on('message', (ms: number) => {
  const until = performance.now() + ms;
  let verified = 0;
  while (performance.now() < until) {
    if (verify(null, message, publicKey, signature)) verified++;
  }
  parentPort?.postMessage(verified);
});

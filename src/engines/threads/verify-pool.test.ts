import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { labels } from '../../crypto/labels.ts';
import { signingKeyFromSeed, signLabelled } from '../../crypto/signature.ts';
import { describeCurves } from './curves.contract.ts';
import { ownThread } from './curves.ts';
import { checks, packQuestions, unpackQuestions } from './verify-batch.ts';
import { VerifyPool } from './verify-pool.ts';

const key = await signingKeyFromSeed(new Uint8Array(32).fill(7));
const bytes = new Uint8Array(300).fill(1);
const signature = await signLabelled(key, labels.txSign, bytes);

/** A thread that does `work` with each message. */
const workerThat = (work: string) =>
  new URL(
    `data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.on('message', (batch) => { ${work} });`,
  );

describeCurves('this thread', ownThread);
const pool = new VerifyPool({ threads: 2 });
describeCurves('two other threads', pool, () => pool.close());
const small = new VerifyPool({ threads: 1, batches: 1 });
describeCurves('one thread, a batch at a time', small, () => small.close());
// B-9: the verdict is the same; it only comes later.
for (const [name, work] of [
  ['end', 'process.exit(1)'],
  ['throw', "throw new Error('broken')"],
  ['answer too little', 'parentPort.postMessage(new Uint8Array(0))'],
  ['answer too much', 'parentPort.postMessage(new Uint8Array(9999).fill(1))'],
] as const) {
  const broken = new VerifyPool({ threads: 2, worker: workerThat(work) });
  describeCurves(`threads that ${name} instead`, broken, () => broken.close());
}
const none = new VerifyPool({ threads: 1, worker: new URL('file:///no/such/file.ts') });
describeCurves('a thread that cannot begin', none, () => none.close());

test('a pool that was closed leaves what it was asked before, and still answers', async () => {
  const closed = new VerifyPool({ threads: 1 });
  let answered = 0;
  for (let i = 0; i < 500; i++) {
    void closed.verifyLabelled(key.publicKey, labels.txSign, bytes, signature).then(() => {
      answered++;
    });
  }
  await closed.close();
  assert.equal(await closed.verifyLabelled(key.publicKey, labels.txSign, bytes, signature), true);
  assert.equal(answered, 0);
});

test('whoever closes a pool is told, also when an answer was still on its way', () => {
  // It answers, and is still at work when it is told to end.
  const worker = workerThat(
    'parentPort.postMessage(new Uint8Array(1)); for (const until = Date.now() + 300; Date.now() < until; );',
  );
  const program = `
    const { VerifyPool } = await import(${JSON.stringify(new URL('./verify-pool.ts', import.meta.url))});
    const pool = new VerifyPool({ threads: 1, worker: new URL(${JSON.stringify(worker)}) });
    const ask = () => pool.verifyLabelled(new Uint8Array(32), 'x', new Uint8Array(1), new Uint8Array(64));
    await ask();
    void ask();
    await new Promise((resolve) => setImmediate(resolve));
    for (const until = Date.now() + 400; Date.now() < until; );
    await pool.close();
    process.stdout.write('closed');`;
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  assert.deepEqual([status, stdout], [0, 'closed']);
});

test('questions travel unchanged', () => {
  const lengths = [0, 1, 46, 255, 256, 1000, 65_535];
  const questions = lengths.map((length, i) => ({
    check: checks[i % checks.length] ?? 'vote',
    key: key.publicKey,
    proof: signature,
    message: new Uint8Array(length).fill(length),
  }));
  assert.deepEqual(unpackQuestions(packQuestions(questions)), questions);
});

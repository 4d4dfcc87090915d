import { Worker } from 'node:worker_threads';
import { withCompileCache } from '../../../engines/threads/compile-cache.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { KeptShare } from '../crypto/pages/page-keep.ts';
import type { EnvelopeOpener } from '../node/pages/envelope-opener.ts';
import { type Opened, packAsked, unpackShares } from './envelope-message.ts';

interface Waiting {
  readonly resolve: (shares: readonly KeptShare[]) => void;
  readonly reject: (error: CodedError) => void;
}

/**
 * Opens envelopes on a thread of its own, which takes the recovery key from where `recoveryKey` of this hospital finds it; it ends
 * with `close`. `open` also throws RECOVERY_KEY_AWAY; HOME_INVALID {file}; INTERNAL {what}: the thread ended.
 */
export function envelopeThread(hospital: string): EnvelopeOpener {
  const worker = new Worker(new URL('./envelope-worker.ts', import.meta.url), {
    workerData: hospital,
    env: withCompileCache(process.env),
  });
  const waiting: Waiting[] = [];
  let ended: CodedError | undefined;
  const end = (cause?: unknown) => {
    ended ??= new CodedError('INTERNAL', { what: 'envelope thread' }, cause);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  worker.on('error', end);
  worker.on('exit', () => end());
  worker.on('message', (answer: Opened) => {
    const first = waiting.shift();
    if ('code' in answer) first?.reject(new CodedError(answer.code, answer.details));
    else first?.resolve(unpackShares(answer.shares, answer.count));
  });
  return {
    open: (of, envelopes) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) {
          reject(ended);
          return;
        }
        waiting.push({ resolve, reject });
        const asked = packAsked(of, envelopes);
        worker.postMessage(asked, [asked.envelopes.buffer, asked.pages.buffer]);
      }),
    async close() {
      await worker.terminate();
    },
  };
}

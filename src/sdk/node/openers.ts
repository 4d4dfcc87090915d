import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Opened } from '../client/opener-messages.ts';
import { OpenerPool, type Openers } from '../client/opener-pool.ts';

/** Opens charts on every core, four at most; the threads start with the first hundred items. */
export function nodeOpeners(threads = Math.min(4, availableParallelism())): Openers {
  return new OpenerPool(({ ready, opened, lost }) => {
    const worker = new Worker(new URL('./opener-worker.ts', import.meta.url), {
      workerData: { verifiesHere: true },
    });
    worker.on('message', (said: 'ready' | Opened) => (said === 'ready' ? ready() : opened(said)));
    worker.on('error', lost);
    worker.on('exit', lost);
    // A thread with nothing to do keeps no program alive.
    worker.unref();
    return {
      post: (items) => {
        worker.ref();
        worker.postMessage(items, [items.bytes.buffer]);
      },
      idle: () => worker.unref(),
    };
  }, threads);
}

import type { Opened } from '../client/opener-messages.ts';
import { OpenerPool, type Openers } from '../client/opener-pool.ts';

/**
 * Opens charts in Web Workers, which start with the first hundred items. One that cannot start (a page's policy may
 * forbid it) leaves its work to the page.
 */
export function browserOpeners(workers = Math.min(4, navigator.hardwareConcurrency)): Openers {
  return new OpenerPool(({ ready, opened, lost }) => {
    const worker = new Worker(new URL('./opener-worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<'ready' | Opened>) =>
      data === 'ready' ? ready() : opened(data);
    worker.onerror = () => {
      worker.terminate();
      lost();
    };
    return {
      post: (items) => worker.postMessage(items, [items.bytes.buffer]),
      idle: () => undefined,
    };
  }, workers);
}

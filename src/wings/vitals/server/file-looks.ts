import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { CodedError } from '../../../primitives/errors.ts';
import type { BadRow } from '../node/stores/upkeep.ts';

/** Below it a thread takes longer to begin than the look, which is some thirty milliseconds. */
const leastBytes = 64 * 2 ** 20;

/** Looks at the file of a page store on a thread of its own, where it is large. Source: docs/protocol/vitals-tampering.md, rule VT-8. */
export function fileLook(
  path: string,
  least = leastBytes,
): () => Promise<readonly BadRow[]> | undefined {
  return () => {
    // A file that is gone is still open to who has it: he looks himself.
    const { size = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {};
    if (size < least) return undefined;
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./file-look-worker.ts', import.meta.url), {
        workerData: path,
      });
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new CodedError('INTERNAL', { what: 'file look' })));
    });
  };
}

import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { CodedError } from '../../../primitives/errors.ts';
import type { BadRow } from '../node/stores/upkeep.ts';

/** Below it a thread takes longer to begin than the look, which is some thirty milliseconds. */
const leastBytes = 64 * 2 ** 20;

/**
 * Looks at the file of a page store on a thread of its own, where it is large; made once the store has opened it. Undefined: it is small,
 * or another file than then: whoever has the one that was opened looks himself. Throws INTERNAL {what}: it became another one
 * meanwhile, or the thread ended. Source: docs/protocol/vitals-tampering.md, rule VT-8.
 */
export const fileLook =
  (least = leastBytes) =>
  (path: string): (() => Promise<readonly BadRow[]> | undefined) => {
    const opened = identityOf(path);
    return () => {
      const file = identityOf(path);
      if (file === undefined || file.size < least || file.name !== opened?.name) return undefined;
      const look = new Promise<readonly BadRow[]>((resolve, reject) => {
        const worker = new Worker(new URL('./file-look-worker.ts', import.meta.url), {
          workerData: path,
        });
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', () => reject(new CodedError('INTERNAL', { what: 'file look' })));
      });
      return look.then((found) => {
        if (identityOf(path)?.name !== opened?.name)
          throw new CodedError('INTERNAL', { what: 'another file' });
        return found;
      });
    };
  };

/** Undefined: there is none at this path any more. */
function identityOf(path: string): { readonly name: string; readonly size: number } | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found && { name: `${found.dev} ${found.ino}`, size: found.size };
}

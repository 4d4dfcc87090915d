// A process as a wing brings it: it says in a file that it began, and with `fail` beside it, does not.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessOrder, RunningProcess } from '../../src/server/process.ts';

export async function start({ home, hospital }: ProcessOrder): Promise<RunningProcess> {
  const folder = join(home, 'servers', hospital ?? '.', 'counting');
  mkdirSync(folder, { recursive: true });
  console.info('counting began');
  if (existsSync(join(folder, 'fail'))) throw new Error('told to fail');
  writeFileSync(join(folder, 'pid'), String(process.pid));
  // Something that keeps it alive.
  const timer = setInterval(() => {}, 1_000);
  return {
    close: async () => {
      clearInterval(timer);
      writeFileSync(join(folder, 'closed'), '');
    },
  };
}

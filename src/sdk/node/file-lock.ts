import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CodedError } from '../../primitives/errors.ts';

const lockPatienceMs = 10_000;

/**
 * Waits for the other processes of this machine; what comes back lets the next one in. The file names its process, so that one
 * left by a killed process does not stand for ever. Throws WALLET_BUSY (another one holds it for ten seconds).
 */
export async function lock(path: string): Promise<() => void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const until = performance.now() + lockPatienceMs;
  while (true) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (!isAlive(holderOf(path))) rmSync(path, { force: true });
      else if (performance.now() > until) throw new CodedError('WALLET_BUSY', {}, error);
      else await wait(20);
    }
  }
}

function holderOf(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CodedError } from '../primitives/errors.ts';
import type { WalletStore } from '../sdk/wallet/store.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * The folder that holds what this machine keeps: `people/NAME.wallet`, and under `servers/` what the
 * servers of a local consortium keep. `option` is what `--home` or `SALUS_HOME` named; else `.salus` where one stands.
 */
export function homeFolder(option: string | undefined): string {
  return resolve(option ?? '.salus');
}

const nickname = /^[a-z0-9][a-z0-9_.-]{0,63}$/i;

function walletPath(home: string, name: string): string {
  if (!nickname.test(name)) throw new CodedError('USAGE', { name: 'letters, digits, dot, dash' });
  return join(home, 'people', `${name}.wallet`);
}

export function walletNames(home: string): string[] {
  try {
    return readdirSync(join(home, 'people'))
      .filter((file) => file.endsWith('.wallet'))
      .map((file) => file.slice(0, -'.wallet'.length))
      .sort();
  } catch {
    return [];
  }
}

/** A wallet as a file that only its owner reads; written beside, flushed, then put in place. */
export function fileWalletStore(
  home: string,
  name: string,
  { passphraseCost }: Pick<Surroundings, 'passphraseCost'> = {},
): WalletStore {
  const path = walletPath(home, name);
  return {
    load: async () => {
      try {
        return new Uint8Array(readFileSync(path));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    save: async (bytes) => {
      mkdirSync(join(home, 'people'), { recursive: true, mode: 0o700 });
      const beside = `${path}.${process.pid}.new`;
      const file = await open(beside, 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      renameSync(beside, path);
    },
    locked: async (work) => {
      const unlock = await lock(home, `${path}.lock`);
      try {
        return await work();
      } finally {
        unlock();
      }
    },
    passphraseCost,
  };
}

const lockPatienceMs = 10_000;

/** The lock names its process, so that one left by a killed process does not stand for ever. */
async function lock(home: string, path: string): Promise<() => void> {
  mkdirSync(join(home, 'people'), { recursive: true, mode: 0o700 });
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

/** From `--passphrase-file` or SALUS_PASSPHRASE; a command line would show it to everybody. */
export function readPassphrase(file: string | undefined, { env }: Surroundings): string {
  const text = file === undefined ? env.SALUS_PASSPHRASE : readFileSync(file, 'utf8');
  const passphrase = text?.replace(/\r?\n$/, '');
  if (passphrase === undefined || passphrase === '') throw new CodedError('PASSPHRASE_MISSING');
  return passphrase;
}

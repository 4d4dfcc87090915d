import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CodedError } from '../primitives/errors.ts';
import { type WalletStore, fileWalletStore as walletFileStore } from '../sdk/node/index.ts';
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

/** The wallets of a home, by name; none where there is no home. */
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

/** The wallet of this name in this home. Throws USAGE: not a name for a file. */
export function fileWalletStore(
  home: string,
  name: string,
  { passphrases }: Pick<Surroundings, 'passphrases'> = {},
): WalletStore {
  return { ...walletFileStore(walletPath(home, name)), ...passphrases };
}

import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CodedError, isCoded } from '../primitives/errors.ts';
import {
  fileItemStore,
  type ItemStore,
  Person,
  type WalletPlace,
  type WalletStore,
  fileWalletStore as walletFileStore,
} from '../sdk/node/index.ts';
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
  if (!nickname.test(name)) {
    throw new CodedError('USAGE', {
      problem:
        "the name of a wallet has letters, digits, dots and dashes, such as bob-smith; --name says a person's own",
    });
  }
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

/** Where this home keeps sealed what was opened with the wallet of this name: `people/NAME.items`. */
export function itemStore(home: string, name: string): ItemStore {
  return fileItemStore(walletPath(home, name).replace(/\.wallet$/, '.items'));
}

/**
 * Moves a wallet file that is damaged out of the way, beside where it was, as `NAME.wallet.damaged`; returns where. A file
 * that opens, or that another passphrase might, stays. Undefined: there was nothing to move.
 */
export async function setAsideDamaged(
  home: string,
  name: string,
  place: WalletPlace,
): Promise<string | undefined> {
  if ((await place.store.load()) === undefined) return undefined;
  try {
    await Person.open(place);
    return undefined;
  } catch (error) {
    if (isCoded(error, 'PASSPHRASE_WRONG')) return undefined;
    if (!isCoded(error, 'WALLET_INVALID') && !isCoded(error, 'WALLET_KDF')) throw error;
  }
  const path = walletPath(home, name);
  let target = `${path}.damaged`;
  for (let number = 2; existsSync(target); number++) target = `${path}.damaged-${number}`;
  renameSync(path, target);
  return target;
}

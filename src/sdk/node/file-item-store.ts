import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ItemStore } from '../kept/item-store.ts';
import { lock } from './file-lock.ts';
import { readIfThere, writeWhole } from './whole-file.ts';

/**
 * Keeps sealed items in this folder, a file each (`NAME.sealed`), which only its owner reads; the folder is made when the
 * first one comes. Not flushed: what a stop of the machine takes is fetched again.
 *
 * Throws WALLET_BUSY (another process holds it for ten seconds), and what the file system throws.
 */
export function fileItemStore(folder: string): ItemStore {
  const pathOf = (name: string): string => join(folder, `${name}${ending}`);
  return {
    load: async (name) => readIfThere(pathOf(name)),
    save: async (files) => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      for (const [name, bytes] of files)
        await writeWhole(pathOf(name), bytes, { isLasting: false });
    },
    drop: async (names) => {
      for (const name of names) rmSync(pathOf(name), { force: true });
    },
    names: async () => namesIn(folder),
    locked: async (work) => {
      const unlock = await lock(join(folder, 'lock'));
      try {
        return await work();
      } finally {
        unlock();
      }
    },
  };
}

const ending = '.sealed';

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((it) => it.endsWith(ending))
      .map((it) => it.slice(0, -ending.length));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { WalletStore } from '../wallet/store.ts';
import { lock } from './file-lock.ts';
import { readIfThere, writeWhole } from './whole-file.ts';

/**
 * A wallet in the file at `path`, its shards beside it as `path.NAME`, sealed as everywhere, which only its owner
 * reads. Each is written beside, flushed, then put in place; the folder is made when it is missing. Processes of this
 * machine wait for each other.
 *
 * Throws WALLET_BUSY (another process holds it for ten seconds), and what the file system throws.
 */
export function fileWalletStore(path: string): WalletStore {
  return {
    load: async () => readIfThere(path),
    loadShard: async (name) => readIfThere(`${path}.${name}`),
    save: async ({ file, shards, keeps }) => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      for (const [name, bytes] of shards) await writeWhole(`${path}.${name}`, bytes);
      // Names of files are durable with their folder, and the file comes after what it names.
      if (shards.size > 0) await flushFolder(dirname(path));
      await writeWhole(path, file);
      await flushFolder(dirname(path));
      dropOthers(path, new Set(keeps));
    },
    beside: {
      load: async (name) => readIfThere(`${path}.${name}`),
      save: async (name, bytes) => {
        mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        await writeWhole(`${path}.${name}`, bytes);
      },
    },
    locked: async (work) => {
      const unlock = await lock(`${path}.lock`);
      try {
        return await work();
      } finally {
        unlock();
      }
    },
  };
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Shards that no file holds to, of this change and of one that a stop of the machine cut short. */
function dropOthers(path: string, keeps: ReadonlySet<string>): void {
  const own = `${basename(path)}.`;
  for (const name of readdirSync(dirname(path))) {
    const shard = name.startsWith(own) ? name.slice(own.length) : '';
    if (shardName.test(shard) && !keeps.has(shard)) {
      rmSync(join(dirname(path), name), { force: true });
    }
  }
}

const shardName = /^[0-9a-f]{32}$/;

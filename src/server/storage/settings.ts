import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { type AccountId, parseAccountId } from '../../primitives/ids.ts';
import { SocketBlobStore } from '../../storage/socket/store-client.ts';
import { writeWhole } from '../files.ts';

/** What an operator decides for the storage node of a hospital: `storage/settings.json` in its folder. */
export interface StorageSettings {
  readonly account: AccountId;
  /** Where it listens: `/ip4/0.0.0.0/tcp/4001`. */
  readonly listen: readonly string[];
  /** Members that hold a blob. */
  readonly copies: number;
  /** What is kept for one other member, in bytes. */
  readonly heldBytes: number;
}

const settingsFile = z.object({
  account: z.string(),
  listen: z.array(z.string().max(256)).min(1),
  copies: z.int().positive().max(16),
  heldBytes: z.int().positive(),
});

/** Files of a storage node, below the folder of its hospital. */
export const storageFiles = {
  folder: 'storage',
  settings: join('storage', 'settings.json'),
  storageKey: join('storage', 'storage.key'),
  swarmKey: join('storage', 'swarm.key'),
  members: join('storage', 'members.json'),
  database: join('storage', 'network.sqlite'),
  socket: join('storage', 'storage.sock'),
} as const;

/** Whether the blobs of this hospital lie in a storage network: its settings are written last when it joins. */
export function isNetworked(hospitalFolder: string): boolean {
  return existsSync(join(hospitalFolder, storageFiles.settings));
}

/** Throws HOME_INVALID {file}. */
export function readSettings(hospitalFolder: string): StorageSettings {
  try {
    const text = readFileSync(join(hospitalFolder, storageFiles.settings), 'utf8');
    const read = settingsFile.parse(JSON.parse(text));
    return { ...read, account: parseAccountId(read.account) };
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: storageFiles.settings }, cause);
  }
}

export function writeSettings(hospitalFolder: string, settings: StorageSettings): void {
  const text = `${JSON.stringify(settings, undefined, 2)}\n`;
  writeWhole(join(hospitalFolder, storageFiles.settings), utf8(text));
}

/**
 * The blob store of a hospital in a storage network, for its gateway: that of the storage node in another process, which
 * is waited for. Loads nothing of the network.
 */
export function connectStorage(hospitalFolder: string): SocketBlobStore {
  return new SocketBlobStore({ path: join(hospitalFolder, storageFiles.socket) });
}

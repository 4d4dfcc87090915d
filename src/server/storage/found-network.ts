import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../files.ts';
import { membersIn } from '../home-members.ts';
import { serversOf } from '../process.ts';
import { migrateHome } from './migrate.ts';
import { storageFiles } from './settings.ts';

/** A home whose hospitals join, and where their storage nodes listen and are dialled. */
export interface JoiningHome {
  readonly home: string;
  /** An IPv4 address. */
  readonly host: string;
  readonly port: number;
}

/**
 * A storage network of homes that are made at one place: each gets its keys, and all the same swarm key and list.
 * Throws as `migrateHome`.
 */
export async function foundStorageNetwork(homes: readonly JoiningHome[]): Promise<void> {
  let known: { readonly swarmKey: Uint8Array; readonly members: string } | undefined;
  for (const joining of homes) {
    await migrateHome({ ...joining, ...known });
    const [folder = ''] = foldersOf(joining.home);
    known = {
      swarmKey: new Uint8Array(readFileSync(join(folder, storageFiles.swarmKey))),
      members: readFileSync(join(folder, storageFiles.members), 'utf8'),
    };
  }
  if (known === undefined) return;
  const whole = new TextEncoder().encode(known.members);
  for (const folder of homes.flatMap(({ home }) => foldersOf(home))) {
    writeWhole(join(folder, storageFiles.members), whole);
  }
}

const foldersOf = (home: string): string[] =>
  membersIn(home).map(({ name }) => join(serversOf(home), name));

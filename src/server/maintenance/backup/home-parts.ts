import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../../primitives/errors.ts';
import { requireKnownHome } from '../../home-version.ts';
import { hospitalsOf, type KeptFiles, type Service, serversOf } from '../../process.ts';
import type { BesideDatabases } from './cut.ts';

/** What of a home a backup holds, as paths below it; everything else is derived, a lock, or half written. */
export type HomeParts = Required<KeptFiles>;

/** All that the services of a home keep in it. Throws HOME_INVALID (no servers in this home), HOME_NEWER. */
export function partsOf(home: string, services: readonly Service[]): HomeParts {
  const servers = serversOf(home);
  for (const needed of ['genesis.cbor', join('ledger', 'blocks.db')]) {
    if (!existsSync(join(servers, needed))) throw new CodedError('HOME_INVALID', { file: needed });
  }
  requireKnownHome(home);
  const hospitals = hospitalsOf(home).map((name) => `servers/${name}`);
  const kept = services.flatMap(({ per, keeps }) =>
    (per === 'home' ? ['servers'] : hospitals).map((folder) => keptIn(folder, keeps)),
  );
  const present = (paths: readonly string[]) => paths.filter((it) => existsSync(join(home, it)));
  return {
    databases: present(kept.flatMap((it) => it.databases)),
    folders: kept.flatMap((it) => it.folders).filter(({ path }) => existsSync(join(home, path))),
    plain: present(['trust.json', ...kept.flatMap((it) => it.plain)]),
    keys: present(kept.flatMap((it) => it.keys)),
  };
}

function keptIn(folder: string, keeps: KeptFiles): HomeParts {
  const { databases = [], folders = [], plain = [], keys = [] } = keeps;
  const below = (path: string) => `${folder}/${path}`;
  return {
    databases: databases.map(below),
    folders: folders.map((it) => ({ ...it, path: below(it.path), database: below(it.database) })),
    plain: plain.map(below),
    keys: keys.map(below),
  };
}

/** No gateway may know of a block that the ledger beside it has not. Throws BACKUP_INVALID. */
export function requireOneInstant(home: string, height: number): void {
  for (const hospital of hospitalsOf(home)) {
    const path = join(home, 'servers', hospital, 'gateway.db');
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      const indexed = Number(db.prepare('SELECT height FROM progress').get()?.height);
      if (!(indexed <= height)) {
        throw new CodedError('BACKUP_INVALID', { reason: 'instants', hospital, indexed, height });
      }
    } finally {
      db.close();
    }
  }
}

/** Wallets with their shards, cards, and that the demo was loaded. */
const kept = /^[A-Za-z0-9][A-Za-z0-9._@-]*\.(wallet(\.[0-9a-f]{32})?|card)$|^demo-loaded$/;
/** A code that opens a wallet, or what is only of use together with it. */
const keptWithKeys = /^[A-Za-z0-9][A-Za-z0-9._@-]*\.(demo-code|enrolling)$/;

/** The sealed wallets and cards of people; a wallet is newer than the ledger or older unless both are of one instant. */
export function peopleOf(
  home: string,
  withKeys: boolean,
): BesideDatabases<ReadonlyMap<string, Uint8Array>> {
  const folder = join(home, 'people');
  const names = () => {
    if (!existsSync(folder)) return [];
    return readdirSync(folder).filter(
      (name) => kept.test(name) || (withKeys && keptWithKeys.test(name)),
    );
  };
  return {
    mark: () =>
      names()
        .map((name) => {
          const stat = statSync(join(folder, name), { bigint: true, throwIfNoEntry: false });
          return `${name} ${stat?.ino} ${stat?.mtimeNs} ${stat?.size}`;
        })
        .join('\n'),
    read: () => {
      const read = new Map<string, Uint8Array>();
      for (const name of names()) {
        const bytes = readIfThere(join(folder, name));
        if (bytes !== undefined) read.set(`people/${name}`, bytes);
      }
      return read;
    },
  };
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (Reflect.get(Object(error), 'code') === 'ENOENT') return undefined;
    throw error;
  }
}

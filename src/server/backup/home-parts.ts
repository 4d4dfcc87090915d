import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../primitives/errors.ts';
import type { BesideDatabases } from './cut.ts';

/** What of a home a backup holds, as paths below it; everything else is derived, a lock, or half written. */
export interface HomeParts {
  readonly databases: readonly string[];
  /** Folders of large blobs: written once, never changed. */
  readonly blobFolders: readonly string[];
  /** Written once when the home was founded. */
  readonly plain: readonly string[];
  /** The same, and private keys. */
  readonly keys: readonly string[];
}

/** Throws HOME_INVALID: no servers in this home. */
export function partsOf(home: string): HomeParts {
  const servers = join(home, 'servers');
  for (const needed of ['genesis.cbor', join('ledger', 'blocks.db')]) {
    if (!existsSync(join(servers, needed))) throw new CodedError('HOME_INVALID', { file: needed });
  }
  const hospitals = hospitalsOf(home);
  const present = (paths: readonly string[]) => paths.filter((it) => existsSync(join(home, it)));
  return {
    databases: [
      'servers/ledger/blocks.db',
      ...hospitals.flatMap((it) => [
        `servers/${it}/gateway.db`,
        `servers/${it}/blobs/blobs.sqlite`,
      ]),
    ],
    blobFolders: present(hospitals.map((it) => `servers/${it}/blobs/files`)),
    plain: present(['trust.json', 'servers/genesis.cbor']),
    keys: present([
      'servers/ledger/validator.key',
      ...hospitals.flatMap((it) => [`servers/${it}/organisation.key`, `servers/${it}/desk.token`]),
    ]),
  };
}

export function hospitalsOf(home: string): string[] {
  const servers = join(home, 'servers');
  return readdirSync(servers, { withFileTypes: true })
    .filter((it) => it.isDirectory() && existsSync(join(servers, it.name, 'gateway.db')))
    .map((it) => it.name)
    .sort();
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

const kept = /^[A-Za-z0-9][A-Za-z0-9._@-]*\.(wallet|card)$|^demo-loaded$/;
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

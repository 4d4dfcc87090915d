import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { signingKeyFromSeed } from '../../crypto/signature.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { StorageMember } from '../../storage/ipfs/members.ts';
import { formatMembers, parseMembers } from '../../storage/ipfs/members-file.ts';
import { defaultCopies } from '../../storage/ipfs/placement.ts';
import { formatSwarmKey, parseSwarmKey } from '../../storage/ipfs/swarm-key.ts';
import { makeFolder, readSecretFile, writeWhole } from '../files.ts';
import { genesisIn, heldKeys } from '../home-members.ts';
import { serversOf } from '../process.ts';
import {
  isNetworked,
  readSettings,
  type StorageSettings,
  storageFiles,
  writeSettings,
} from './settings.ts';

export interface MigrateOptions {
  readonly home: string;
  /** The first one listens at this TCP port, each further one at the next. */
  readonly port: number;
  /** Where they listen, and where others dial them: an IPv4 address; 127.0.0.1. */
  readonly host?: string;
  /** What others dial, where it is not `host`: `/dns4/storage.anna.example`. */
  readonly announce?: string;
  /** The file of a swarm that exists; missing: a new key. */
  readonly swarmKey?: Uint8Array;
  /** The list of a network that exists: the text of its file. */
  readonly members?: string;
  readonly copies?: number;
}

export interface Migrated {
  readonly hospital: string;
  readonly account: AccountId;
  /** False: it was in the network before, and nothing was changed. */
  readonly isNew: boolean;
  readonly addresses: readonly string[];
}

const defaultHeldBytes = 4 * 1024 ** 4;

/**
 * Brings the hospitals of a home into a storage network: makes their keys, the list of members, and last the settings that
 * switch each one over when it is started next. The blobs stay where they are, under the ids that they have; the nodes
 * bring them to their holders. What is interrupted goes on when it is called again.
 * Throws HOME_INVALID, SWARM_KEY_INVALID, STORAGE_MEMBERS_INVALID.
 */
export async function migrateHome(options: MigrateOptions): Promise<readonly Migrated[]> {
  const { home, port, host = '127.0.0.1', copies = defaultCopies } = options;
  const genesis = genesisIn(serversOf(home));
  const hospitals = await heldKeys(home, genesis);
  if (hospitals.length === 0) throw new CodedError('HOME_INVALID', { file: 'organisation.key' });
  const folders = hospitals.map(({ name }) => join(serversOf(home), name));
  const swarmKey = swarmKeyOf(folders, options.swarmKey);
  const known = options.members === undefined ? [] : parseMembers(options.members).members;
  const place = options.announce ?? `/ip4/${host}`;
  const own: StorageMember[] = [];
  for (const [at, { account }] of hospitals.entries()) {
    const folder = folders[at] ?? '';
    own.push({
      account,
      storageKey: await openStorageKey(folder),
      addresses: [`${place}/tcp/${portOf(folder, port + at)}`],
    });
  }
  const members = [
    ...known.filter((it) => !own.some(({ account }) => account === it.account)),
    ...own,
  ];
  const list = utf8(formatMembers({ chainId: genesis.chainId, members, blocks: [] }));
  parseMembers(new TextDecoder().decode(list));
  return hospitals.map(({ name, account }, at) => {
    const folder = folders[at] ?? '';
    const isNew = !isNetworked(folder);
    if (isNew || options.members !== undefined) {
      writeWhole(join(folder, storageFiles.swarmKey), swarmKey);
      writeWhole(join(folder, storageFiles.members), list);
    }
    if (isNew) switchOver(folder, { account, listen: [`/ip4/${host}/tcp/${port + at}`], copies });
    return { hospital: name, account, isNew, addresses: own[at]?.addresses ?? [] };
  });
}

/** The public half of a hospital's storage key, 32 bytes; the key is made where none lies. Throws KEY_FILE_INVALID. */
export async function openStorageKey(folder: string): Promise<Uint8Array> {
  makeFolder(join(folder, storageFiles.folder));
  const make = () => new Uint8Array(randomBytes(32));
  const seed = readSecretFile(join(folder, storageFiles.storageKey), make);
  return (await signingKeyFromSeed(seed)).publicKey;
}

/** A network to be, as a hospital that founds it with others has it. */
export interface FoundedNetwork {
  readonly chainId: string;
  readonly account: AccountId;
  /** Where its own node listens: `/ip4/0.0.0.0/tcp/4001`. */
  readonly listen: readonly string[];
  readonly members: readonly StorageMember[];
}

/**
 * Brings one hospital into the network that it founds with others: its storage key and the swarm key lie in its folder.
 * Throws SWARM_KEY_INVALID, STORAGE_MEMBERS_INVALID.
 */
export function joinFounded(folder: string, network: FoundedNetwork): void {
  requireSwarmKey(folder);
  const { chainId, account, listen, members } = network;
  const list = formatMembers({ chainId, members, blocks: [] });
  parseMembers(list);
  writeWhole(join(folder, storageFiles.members), utf8(list));
  if (!isNetworked(folder)) switchOver(folder, { account, listen, copies: defaultCopies });
}

/** Keeps the secret of a network in a hospital's folder. Throws SWARM_KEY_INVALID. */
export function keepSwarmKey(folder: string, key: Uint8Array): void {
  const parsed = parseSwarmKey(key);
  makeFolder(join(folder, storageFiles.folder));
  writeWhole(join(folder, storageFiles.swarmKey), parsed);
}

export const newSwarmKey = (): Uint8Array => formatSwarmKey(new Uint8Array(randomBytes(32)));

function requireSwarmKey(folder: string): void {
  const path = join(folder, storageFiles.swarmKey);
  if (!existsSync(path)) throw new CodedError('SWARM_KEY_INVALID', { missing: path });
  parseSwarmKey(new Uint8Array(readFileSync(path)));
}

/** Last: from here on the hospital's blobs are those of its storage node. */
function switchOver(
  folder: string,
  settings: Pick<StorageSettings, 'account' | 'listen' | 'copies'>,
): void {
  writeSettings(folder, { ...settings, heldBytes: defaultHeldBytes });
}

/** The one that is given, or that one of them has already: a run that was cut off goes on with it. Else a new one. */
function swarmKeyOf(folders: readonly string[], given: Uint8Array | undefined): Uint8Array {
  if (given !== undefined) return parseSwarmKey(given);
  for (const folder of folders) {
    const path = join(folder, storageFiles.swarmKey);
    if (existsSync(path)) return parseSwarmKey(new Uint8Array(readFileSync(path)));
  }
  return newSwarmKey();
}

/** Of a node that has settings the port is that of its settings. */
function portOf(folder: string, port: number): number {
  if (!isNetworked(folder)) return port;
  return Number(readSettings(folder).listen[0]?.split('/').at(-1) ?? port);
}

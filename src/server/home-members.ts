import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { accountIdText } from '../api/message-parts.ts';
import type { SigningKey } from '../crypto/signature.ts';
import { type Genesis, parseGenesis } from '../ledger/genesis.ts';
import { accountIdOfKey } from '../ledger/identity.ts';
import { bytesToHex, equalBytes, utf8 } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { type AccountId, accountIdOf } from '../primitives/ids.ts';
import { type AccountKeys, accountIdOfKeys, deriveAccountKeys } from '../sdk/wallet/identity.ts';
import { readSecretFile, writeWhole } from './files.ts';
import { serversOf } from './process.ts';
import { rowKeyFile } from './row-key.ts';

/** Who founds a consortium. */
export interface Member {
  /** What people type, what stands in the address, and the folder: small letters, digits and dashes. */
  readonly name: string;
  readonly title: string;
}

/** A member whose servers are in this home, with its keys. */
export interface Hospital extends Member {
  readonly account: AccountId;
  readonly signingKey: SigningKey;
  readonly folder: string;
  readonly deskToken: string;
  /** Of the MACs in its `gateway.db`. */
  readonly rowKey: Uint8Array;
}

// An organisation derives its keys as everybody does; it is not enrolled by another one.
const self: AccountId = accountIdOf(new Uint8Array(32));

/** Folders beside those of the hospitals. */
const reserved = ['ledger', 'logs', 'cometbft', 'tls', 'run', 'scrub'];

/** The key by which a machine orders blocks where CometBFT runs, below `servers`. */
export const cometbftKey: string = join('cometbft', 'config', 'priv_validator_key.json');

const membersFile = z.strictObject({
  own: z.array(z.string()).min(1).max(1_000),
  /** Of them those that the genesis does not name: they were voted in later. */
  joined: z
    .array(z.strictObject({ name: z.string(), title: z.string(), account: accountIdText }))
    .max(1_000)
    .optional(),
  /** Of them those that speak by another key than their first, which made their account: the others voted it in. */
  rekeyed: z
    .array(z.strictObject({ name: z.string(), account: accountIdText }))
    .max(1_000)
    .optional(),
});
/** A member whose servers are here and that was voted in: whom the genesis does not name. */
export type JoinedMember = Member & Pick<Hospital, 'account'>;
const membersPath = (servers: string): string => join(servers, 'members.json');

/** Says whose servers a home has, where other members have theirs elsewhere. */
export function writeOwnMembers(
  home: string,
  own: readonly string[],
  joined?: readonly JoinedMember[],
): void {
  const text = JSON.stringify({ own, ...(joined !== undefined && { joined }) });
  writeWhole(membersPath(serversOf(home)), utf8(`${text}\n`), 0o644);
}

/**
 * This hospital speaks by another key from the next start on: the others voted it in, and its account stays. The list goes
 * first: with it the old key is found as before. Throws HOME_INVALID {file}.
 */
export function takeNewKey(
  home: string,
  { name, account }: Pick<Hospital, 'name' | 'account'>,
  secret: Uint8Array,
): void {
  const servers = serversOf(home);
  const read = readMembersFile(servers);
  const own = read?.own ?? membersIn(home).map((it) => it.name);
  const others = (read?.rekeyed ?? []).filter((it) => it.name !== name);
  const text = JSON.stringify({ ...read, own, rekeyed: [...others, { name, account }] });
  writeWhole(membersPath(servers), utf8(`${text}\n`), 0o644);
  writeWhole(join(servers, name, 'organisation.key'), secret, 0o600);
}

/** The accounts of those whose servers are here and whom the genesis does not name. Throws HOME_INVALID {file}. */
export const joinedIn = (servers: string): readonly AccountId[] =>
  (readMembersFile(servers)?.joined ?? []).map(({ account }) => account);

/** The accounts of hospitals of this home that speak by another key than their first, by name. */
export const rekeyedIn = (servers: string): ReadonlyMap<string, AccountId> =>
  new Map(readMembersFile(servers)?.rekeyed?.map(({ name, account }) => [name, account]));

/**
 * Of these the ones whose servers are here: all, where nothing says otherwise; and those that joined later. Throws
 * HOME_INVALID {file}.
 */
export function ownMembers(servers: string, members: readonly Member[]): readonly Member[] {
  const read = readMembersFile(servers);
  if (read === undefined) return members;
  const { own, joined = [] } = read;
  const founding = members.filter(({ name }) => own.includes(name));
  const later = joined.filter(({ name }) => own.includes(name));
  return [...founding, ...later.filter(({ name }) => !founding.some((it) => it.name === name))];
}

function readMembersFile(servers: string): z.infer<typeof membersFile> | undefined {
  const path = membersPath(servers);
  if (!existsSync(path)) return undefined;
  try {
    return membersFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: 'members.json' }, cause);
  }
}

export const genesisPath = (servers: string): string => join(servers, 'genesis.cbor');

/** The genesis of a home that has none. Throws HOME_FOUNDED: it has one. */
export function writeGenesis(home: string, bytes: Uint8Array): void {
  if (isFounded(home)) throw new CodedError('HOME_FOUNDED', { home });
  writeWhole(genesisPath(serversOf(home)), bytes, 0o644);
}

/** Those whom the genesis names, in its order; undefined where nothing was founded. */
export function membersThatStand(servers: string): readonly Standing[] | undefined {
  return existsSync(genesisPath(servers)) ? membersOf(genesisIn(servers)) : undefined;
}

/** Throws HOME_INVALID {file}, and as `parseGenesis`. */
export function genesisIn(servers: string): Genesis {
  const path = genesisPath(servers);
  if (!existsSync(path)) throw new CodedError('HOME_INVALID', { file: 'genesis.cbor' });
  return parseGenesis(new Uint8Array(readFileSync(path)));
}

/** A member of a genesis, and where its gateway answers. */
interface Standing extends Member {
  readonly url: string;
}

/**
 * The url of an organisation is its path at the common address, or an address of its own with such a path: a slash and its
 * name.
 */
function membersOf({ organisations }: Genesis): readonly Standing[] {
  return organisations.map(({ name: title, url }) => {
    const name = requireName(url.slice(url.lastIndexOf('/') + 1));
    return { name, title, url };
  });
}

/** Where those answer whose gateways are elsewhere. */
export function addressesElsewhere(genesis: Genesis): ReadonlyMap<AccountId, string> {
  const elsewhere = genesis.organisations.filter(({ url }) => !url.startsWith('/'));
  return new Map(
    elsewhere.map(({ identity, url }) => [accountIdOfKey(identity.suite, identity.signKey), url]),
  );
}

/** The members whose servers a home has. Throws HOME_INVALID, and as `parseGenesis`. */
export function membersIn(home: string): readonly Member[] {
  const servers = serversOf(home);
  return ownMembers(servers, membersOf(genesisIn(servers)));
}

/** Whether a ledger was founded in this home. */
export const isFounded = (home: string): boolean => existsSync(genesisPath(serversOf(home)));

/** It becomes a folder and a path of addresses. */
function requireName(name: string): string {
  if (!isMemberName(name)) throw new CodedError('HOME_INVALID', { hospital: name });
  return name;
}

/** Small letters, digits and dashes, and none of the folders that lie beside those of the hospitals. */
export const isMemberName = (name: string): boolean =>
  /^[a-z0-9][a-z0-9-]{0,63}$/.test(name) && !reserved.includes(name);

/** A name that people can type: 'St. Anna Hospital' is 'st-anna-hospital'; '': nothing of it can be. */
export function memberNameOf(title: string): string {
  const plain = title.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const name = plain
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
  return isMemberName(name) ? name : '';
}

/** `account`: where its key is another than the one that made it. */
export async function openHospital(
  servers: string,
  { name, title }: Member,
  account?: AccountId,
): Promise<Hospital> {
  const folder = join(servers, requireName(name));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keys = await organisationKeys(folder, () => new Uint8Array(randomBytes(32)));
  const desk = readSecretFile(join(folder, 'desk.token'), () => new Uint8Array(randomBytes(24)));
  const rowKey = readSecretFile(join(folder, rowKeyFile), () => new Uint8Array(randomBytes(32)));
  if (rowKey.length !== 32) throw new CodedError('HOME_INVALID', { file: rowKeyFile });
  return {
    name,
    title,
    account: account ?? accountIdOfKeys(keys),
    signingKey: keys.sign,
    folder,
    deskToken: bytesToHex(desk),
    rowKey,
  };
}

/** Throws HOME_INVALID: none lies there, and none is to be made. */
export function organisationKeys(
  folder: string,
  make: () => Uint8Array = missing,
): Promise<AccountKeys> {
  return deriveAccountKeys(readSecretFile(join(folder, 'organisation.key'), make), self, 0);
}

/** An organisation of a ledger, with the key by which it speaks. */
export type HeldKey = Pick<Hospital, 'name' | 'title' | 'account' | 'signingKey'>;

/**
 * The organisations of a genesis whose keys lie in this home, in its order, and those that joined later: all of them where one machine plays
 * the consortium, else those of this machine. Only reads. Throws HOME_INVALID {hospital}: another one's key.
 */
export async function heldKeys(home: string, genesis: Genesis): Promise<readonly HeldKey[]> {
  const held: HeldKey[] = [];
  const rekeyed = rekeyedIn(serversOf(home));
  for (const [at, { name, title }] of membersOf(genesis).entries()) {
    const folder = join(serversOf(home), name);
    if (!existsSync(join(folder, 'organisation.key'))) continue;
    const { sign } = await organisationKeys(folder);
    const named = genesis.organisations[at]?.identity;
    const account = named && accountIdOfKey(named.suite, named.signKey);
    const isOwn =
      named !== undefined &&
      (rekeyed.has(name)
        ? rekeyed.get(name) === account
        : equalBytes(named.signKey, sign.publicKey));
    if (account === undefined || !isOwn) throw new CodedError('HOME_INVALID', { hospital: name });
    held.push({ name, title, account, signingKey: sign });
  }
  for (const joined of readMembersFile(serversOf(home))?.joined ?? []) {
    const folder = join(serversOf(home), joined.name);
    if (!existsSync(join(folder, 'organisation.key'))) continue;
    const keys = await organisationKeys(folder);
    if ((rekeyed.get(joined.name) ?? accountIdOfKeys(keys)) !== joined.account) {
      throw new CodedError('HOME_INVALID', { hospital: joined.name });
    }
    held.push({ ...joined, signingKey: keys.sign });
  }
  return held;
}

function missing(): never {
  throw new CodedError('HOME_INVALID', { file: 'organisation.key' });
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { accountIdText } from '../../api/message-parts.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { makeFolder, writeWhole } from '../files.ts';
import { isMemberName, membersIn } from '../home-members.ts';
import { serversOf } from '../process.ts';

const port = z.int().min(1).max(65_535);
/** 32 bytes, base64url. */
const key = z.string().regex(/^[\w-]{43}$/);

/** A name or address under which a machine is reached: it becomes part of settings and of addresses. */
export const hostText = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/);
/** Where people reach a hospital, without its own path. */
export const urlText = z.url({ protocol: /^https?$/ }).max(130);

/**
 * What of a member the others know beside the ledger: where its machine is, and its public keys. It comes from others by hand, and
 * becomes folders, settings of the node and addresses: so each field is of its own alphabet.
 */
export const memberFields = {
  chain: z.string().regex(/^[A-Za-z0-9._-]{1,50}$/),
  name: z.string().refine(isMemberName),
  title: z.string().min(1).max(100),
  url: urlText,
  host: hostText,
  ports: z.strictObject({ gateway: port, p2p: port, rpc: port, storage: port, peers: port }),
  validator: key,
  nodeId: z.string().regex(/^[0-9a-f]{40}$/),
  storageKey: key,
  /** PEM: the organisation's own certificate, and no other beside it. */
  authority: z
    .string()
    .max(4_096)
    .regex(/^-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n$/),
};
const member = z.strictObject({ ...memberFields, organisation: accountIdText });
export type NetworkMember = Readonly<z.infer<typeof member>>;

const networkFile = z.strictObject({ members: z.array(member).min(1).max(1_000) });

const pathIn = (home: string): string => join(serversOf(home), 'network.json');
export const tlsFolderIn = (home: string): string => join(serversOf(home), 'tls');

/** The members as a home knows them; none: it is of no consortium. Throws HOME_INVALID {file}. */
export function networkIn(home: string): readonly NetworkMember[] {
  const path = pathIn(home);
  return existsSync(path) ? parseNetwork(readFileSync(path, 'utf8')) : [];
}

/** Throws HOME_INVALID {file}. */
export function parseNetwork(text: string): readonly NetworkMember[] {
  try {
    return networkFile.parse(JSON.parse(text)).members;
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: 'network.json' }, cause);
  }
}

/** Writes down the members, and the certificates by which their machines are known; all of it is public. */
export function writeNetwork(home: string, members: readonly NetworkMember[]): void {
  const text = `${JSON.stringify({ members }, undefined, 2)}\n`;
  writeWhole(pathIn(home), utf8(text), 0o644);
  keepAuthorities(home, members);
}

/** `tls/members.pem`, as the members are. */
export function keepAuthorities(home: string, members: readonly NetworkMember[]): void {
  makeFolder(tlsFolderIn(home));
  const authorities = members.map(({ authority }) => authority).join('');
  writeWhole(join(tlsFolderIn(home), 'members.pem'), utf8(authorities), 0o644);
}

/** The member whose servers are in this home; undefined: it is of no consortium. Throws HOME_INVALID. */
export function ownIn(home: string): NetworkMember | undefined {
  const members = networkIn(home);
  if (members.length === 0) return undefined;
  const own = new Set(membersIn(home).map(({ name }) => name));
  return members.find(({ name }) => own.has(name));
}

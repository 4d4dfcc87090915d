import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { accountIdText } from '../../api/message-parts.ts';
import { utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { makeFolder, writeWhole } from '../files.ts';
import { membersIn } from '../home-members.ts';
import { serversOf } from '../process.ts';

const port = z.int().min(1).max(65_535);

/** What of a member the others know beside the ledger: where its machine is, and its public keys. */
export const memberFields = {
  chain: z.string().max(50),
  name: z.string().max(64),
  title: z.string().min(1).max(100),
  url: z.string().max(130),
  host: z.string().max(253),
  ports: z.strictObject({ gateway: port, p2p: port, rpc: port, storage: port, peers: port }),
  /** Base64url, 32 bytes. */
  validator: z.string().max(64),
  nodeId: z.string().max(40),
  storageKey: z.string().max(64),
  /** PEM: the organisation's own certificate. */
  authority: z.string().max(4_096),
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

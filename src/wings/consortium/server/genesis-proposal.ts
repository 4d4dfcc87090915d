import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { verifyPointProof } from '../../../crypto/group.ts';
import { signLabelled, verifyLabelled } from '../../../crypto/signature.ts';
import {
  defaultGenesis,
  encodeGenesis,
  type Genesis,
  genesisHash,
  genesisSignatures,
  parseGenesis,
} from '../../../ledger/genesis.ts';
import { identity } from '../../../ledger/identity.ts';
import { foundingLogs } from '../../../ledger/protocol.ts';
import { noRecovery } from '../../../ledger/recovery.ts';
import {
  base64urlToBytes,
  bytesToBase64url,
  bytesToHex,
  equalBytes,
  utf8,
} from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import { accountIdOfKeys, enrolmentIdentity } from '../../../sdk/wallet/identity.ts';
import { writeKeeping } from '../../../server/comet/keeping.ts';
import {
  type NodePeer,
  type NodeSettings,
  nodeKeys,
  writeNodeSettings,
} from '../../../server/comet/node-home.ts';
import { nodeHomeIn } from '../../../server/comet/places.ts';
import { makeFolder, writeWhole } from '../../../server/files.ts';
import { foundingRights } from '../../../server/founding.ts';
import {
  openHospital,
  organisationKeys,
  writeGenesis,
  writeOwnMembers,
} from '../../../server/home-members.ts';
import { openHome } from '../../../server/home-version.ts';
import { authorityOf, keyOfAuthority } from '../../../server/member/certificates.ts';
import { certifyMachine } from '../../../server/member/machine.ts';
import { writeNetwork } from '../../../server/member/network.ts';
import { serversOf } from '../../../server/process.ts';
import { joinFounded, keepSwarmKey, openStorageKey } from '../../../server/storage/migrate.ts';
import type { StorageMember } from '../../../storage/ipfs/members.ts';
import { consortiumNames } from '../names.ts';
import { type PlannedMember, requireDistinct } from './member.ts';
import {
  identityIn,
  networkMemberOf,
  organisationOf,
  type PublicMember,
  parsedAs,
  publicMember,
  requireOwnWords,
  signPart,
} from './part.ts';

/** All are equal. */
const power = 10;

const proposalFile = z.strictObject({
  timeMs: z.int().nonnegative(),
  members: z.array(publicMember).min(1).max(100),
  signatures: z
    .array(
      z.strictObject({ name: z.string().max(64), signature: z.string().regex(/^[\w-]{0,86}$/) }),
    )
    .max(100),
});

/** A genesis that founding members agree on: put together from public parts, in their order. */
export type GenesisProposal = Readonly<z.infer<typeof proposalFile>>;

const bytesIn = (value: string): Uint8Array => base64urlToBytes(value) ?? new Uint8Array(0);

/** Throws GENESIS_INVALID. */
export function parseGenesisProposal(json: string): GenesisProposal {
  return parsedAs(proposalFile, json);
}

/**
 * The keys of a member in a home of its own, made where they are not there yet, and what the others learn of it.
 * Throws HOME_INVALID, HOME_NEWER, KEY_FILE_INVALID.
 */
export async function openMember(
  home: string,
  chain: string,
  planned: PlannedMember,
  nowMs: number,
): Promise<PublicMember> {
  const { name, title, url, host, ports } = planned;
  makeFolder(home);
  await openHome(home);
  const servers = serversOf(home);
  const { folder, signingKey } = await openHospital(servers, { name, title });
  writeOwnMembers(home, [name]);
  const keys = await organisationKeys(folder);
  const organisation = accountIdOfKeys(keys);
  const signed = await enrolmentIdentity(keys, {
    ...{ chainId: chain, organisation, role: 'organisation', recovery: noRecovery },
  });
  const { validator, nodeId } = nodeKeys(nodeHomeIn(serversOf(home)));
  const authority = await keptAuthority(home, signingKey.publicKey, () =>
    authorityOf(signingKey, title, nowMs),
  );
  return signPart(keys.sign, {
    ...{ chain, name, title, url, host, ports: { ...ports } },
    identity: bytesToBase64url(encodeAs(identity, signed)),
    validator: bytesToBase64url(validator),
    ...{ nodeId, storageKey: bytesToBase64url(await openStorageKey(folder)), authority },
  });
}

/** Made once a key: a hospital that took another certifies by that one. */
async function keptAuthority(
  home: string,
  publicKey: Uint8Array,
  make: () => Promise<string>,
): Promise<string> {
  const path = join(serversOf(home), 'tls', 'organisation.pem');
  makeFolder(join(serversOf(home), 'tls'));
  const kept = existsSync(path) ? keyOfAuthority(readFileSync(path, 'utf8')) : undefined;
  if (kept === undefined || !equalBytes(kept, publicKey)) {
    writeWhole(path, utf8(await make()), 0o644);
  }
  return readFileSync(path, 'utf8');
}

/** Puts the parts together, in the order of their names. Throws GENESIS_INVALID (of several chains), MEMBERS_DUPLICATE. */
export function assemble(parts: readonly PublicMember[], timeMs: number): GenesisProposal {
  const members = [...parts].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (new Set(members.map(({ chain }) => chain)).size !== 1) {
    throw new CodedError('GENESIS_INVALID', { problem: 'the parts are of different ledgers' });
  }
  requireDistinct(members);
  const keys = members.flatMap(({ validator, nodeId, storageKey, identity: own }) => [
    ...[validator, nodeId, storageKey, own],
  ]);
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice !== undefined) throw new CodedError('MEMBERS_DUPLICATE', { what: 'key' });
  return { timeMs, members, signatures: [] };
}

/** The genesis that a proposal says. Throws GENESIS_INVALID. */
export function genesisOf({ timeMs, members }: GenesisProposal): Uint8Array {
  try {
    const [first] = members;
    const genesis: Genesis = defaultGenesis(
      {
        chainId: first?.chain ?? '',
        timeMs,
        organisations: members.map(({ title, url, name, identity: own }) => ({
          identity: identityIn(own),
          name: title,
          url: `${url}/${name}`,
          rights: foundingRights(),
        })),
        validators: members.map(({ validator }) => ({ publicKey: bytesIn(validator), power })),
      },
      foundingLogs,
    );
    const bytes = encodeGenesis(genesis);
    parseGenesis(bytes);
    return bytes;
  } catch (cause) {
    if (!isCoded(cause)) throw cause;
    throw new CodedError('GENESIS_INVALID', {}, cause);
  }
}

/**
 * That every organisation signed its part and its identity for this ledger, and every signature is a member's, over this genesis.
 * Throws GENESIS_INVALID {name}.
 */
export async function requireSound(proposal: GenesisProposal): Promise<Uint8Array> {
  const bytes = genesisOf(proposal);
  for (const part of proposal.members) await requireOwnWords(part);
  for (const needed of genesisSignatures(parseGenesis(bytes))) {
    const holds =
      needed.kind === 'signature'
        ? await verifyLabelled(needed.publicKey, needed.label, needed.bytes, needed.signature)
        : needed.kind === 'point-proof' &&
          (await verifyPointProof(needed.point, needed.context, needed.proof));
    if (!holds) throw new CodedError('GENESIS_INVALID', { problem: 'an identity is not signed' });
  }
  const { genesis: label } = consortiumNames.labels;
  for (const { name, signature } of proposal.signatures) {
    const member = proposal.members.find((it) => it.name === name);
    const key = member === undefined ? undefined : identityIn(member.identity).signKey;
    const holds =
      key !== undefined &&
      (await verifyLabelled(key, label, genesisHash(bytes), bytesIn(signature)));
    if (!holds) throw new CodedError('GENESIS_INVALID', { name });
  }
  return bytes;
}

/** Of the members, those who have not signed. */
export function unsignedOf({ members, signatures }: GenesisProposal): readonly string[] {
  return members
    .map(({ name }) => name)
    .filter((name) => !signatures.some((it) => it.name === name));
}

/**
 * Signed also by the member of this home, which is in it as it is. Throws GENESIS_INVALID, GENESIS_OTHER {at},
 * HOME_INVALID.
 */
export async function signGenesis(
  home: string,
  proposal: GenesisProposal,
): Promise<GenesisProposal> {
  const bytes = await requireSound(proposal);
  const own = await ownMember(home, proposal);
  const { sign } = await organisationKeys(join(serversOf(home), own.name));
  const label = consortiumNames.labels.genesis;
  const signature = bytesToBase64url(await signLabelled(sign, label, genesisHash(bytes)));
  const others = proposal.signatures.filter(({ name }) => name !== own.name);
  return { ...proposal, signatures: [...others, { name: own.name, signature }] };
}

/** The member of this home among these, as it is there. Throws GENESIS_OTHER {at}. */
export async function ownMember(
  home: string,
  { members }: Pick<GenesisProposal, 'members'>,
): Promise<PublicMember> {
  const servers = serversOf(home);
  const own = members.find(({ name }) => existsSync(join(servers, name, 'organisation.key')));
  if (own === undefined) throw new CodedError('GENESIS_OTHER', { at: 'name' });
  const { sign } = await organisationKeys(join(servers, own.name));
  const { signKey } = identityIn(own.identity);
  if (!equalBytes(sign.publicKey, signKey))
    throw new CodedError('GENESIS_OTHER', { at: 'identity' });
  const { validator, nodeId } = nodeKeys(nodeHomeIn(serversOf(home)));
  if (!equalBytes(validator, bytesIn(own.validator))) {
    throw new CodedError('GENESIS_OTHER', { at: 'validator' });
  }
  if (nodeId !== own.nodeId) throw new CodedError('GENESIS_OTHER', { at: 'nodeId' });
  return own;
}

/** SHA-256 of a swarm key, so that members compare theirs without showing it. */
export const swarmFingerprint = (key: Uint8Array): string =>
  createHash('sha256').update(key).digest('hex').slice(0, 16);

/** Keeps the secret of the network of stores for the member of this home. Throws SWARM_KEY_INVALID, GENESIS_OTHER. */
export async function keepMemberSwarmKey(
  home: string,
  proposal: GenesisProposal,
  key: Uint8Array,
): Promise<void> {
  const { name } = await ownMember(home, proposal);
  keepSwarmKey(join(serversOf(home), name), key);
}

/**
 * Makes the home ready to run: genesis, CometBFT's files, the storage node's, what is known of the other members, and this
 * machine's certificate. All members have signed. Throws GENESIS_INVALID {missing}, GENESIS_OTHER, HOME_FOUNDED,
 * SWARM_KEY_INVALID {missing}: it was not given.
 */
export async function installGenesis(
  home: string,
  proposal: GenesisProposal,
  nowMs: number,
): Promise<PublicMember> {
  const bytes = await requireSound(proposal);
  const missing = unsignedOf(proposal);
  if (missing.length > 0) throw new CodedError('GENESIS_INVALID', { missing: missing.join(', ') });
  const own = await ownMember(home, proposal);
  const others = proposal.members.filter(({ name }) => name !== own.name);
  const settings = settingsOf(own, others);
  writeNodeSettings(nodeHomeIn(serversOf(home)), { genesisBytes: bytes, settings });
  // The first keeps all blocks of its node: CB-16.
  const [first] = proposal.members;
  if (first?.name === own.name) writeKeeping(serversOf(home), { archive: true });
  joinFounded(join(serversOf(home), own.name), {
    chainId: own.chain,
    account: organisationOf(own.identity),
    listen: [`/ip4/0.0.0.0/tcp/${own.ports.storage}`],
    members: proposal.members.map((it) => storageMemberOf(organisationOf(it.identity), it)),
  });
  writeNetwork(home, proposal.members.map(networkMemberOf));
  await certifyMachine(home, own, nowMs);
  // Last: a home with a genesis is one that is served.
  writeGenesis(home, bytes);
  return own;
}

type Placed = Pick<PublicMember, 'name' | 'host' | 'ports' | 'nodeId'>;

export function settingsOf(own: Placed, others: readonly Placed[]): NodeSettings {
  return {
    moniker: own.name,
    p2pListen: `0.0.0.0:${own.ports.p2p}`,
    p2pAddress: addressOf(own),
    rpcAddress: `127.0.0.1:${own.ports.rpc}`,
    peers: others.map(peerOf),
  };
}

/** A member as the storage network knows it. */
export const storageMemberOf = (
  organisation: AccountId,
  { storageKey, host, ports }: Pick<PublicMember, 'storageKey' | 'host' | 'ports'>,
): StorageMember => ({
  account: organisation,
  storageKey: bytesIn(storageKey),
  addresses: [`/${protocolOf(host)}/${host}/tcp/${ports.storage}`],
});

function protocolOf(host: string): string {
  if (host.includes(':')) return 'ip6';
  return isIPv4(host) ? 'ip4' : 'dns4';
}

export const peerOf = (it: Placed): NodePeer => ({ nodeId: it.nodeId, address: addressOf(it) });

const addressOf = ({ host, ports }: Placed): string =>
  host.includes(':') ? `[${host}]:${ports.p2p}` : `${host}:${ports.p2p}`;

export const genesisHashOf = (bytes: Uint8Array): string => bytesToHex(genesisHash(bytes));

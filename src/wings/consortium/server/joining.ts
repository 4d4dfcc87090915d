import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { genesisHash, parseGenesis } from '../../../ledger/genesis.ts';
import { bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { writeNodeSettings, writePeers } from '../../../server/comet/node-home.ts';
import { nodeHomeIn } from '../../../server/comet/places.ts';
import { writeWhole } from '../../../server/files.ts';
import {
  isFounded,
  membersIn,
  writeGenesis,
  writeOwnMembers,
} from '../../../server/home-members.ts';
import { certifyMachine } from '../../../server/member/machine.ts';
import {
  type NetworkMember,
  networkIn,
  ownIn,
  writeNetwork,
} from '../../../server/member/network.ts';
import { serversOf } from '../../../server/process.ts';
import { joinFounded, keepSwarmKey } from '../../../server/storage/migrate.ts';
import { storageFiles } from '../../../server/storage/settings.ts';
import { formatMembers, parseMembers } from '../../../storage/ipfs/members-file.ts';
import { ownMember, peerOf, settingsOf, storageMemberOf } from './genesis-proposal.ts';
import { requireDistinct } from './member.ts';
import { networkMemberOf, type PublicMember } from './part.ts';

/** What a member that stands hands to one that joins. */
export interface Invited {
  readonly part: PublicMember;
  readonly genesisBytes: Uint8Array;
  readonly network: readonly NetworkMember[];
  /** A secret of all members. */
  readonly swarmKey: Uint8Array;
}

/**
 * Makes the home of a member that was voted in ready to run: genesis, peers, storage, certificate. Its keys lie there, and
 * its part is of this ledger. Throws HOME_FOUNDED, CHAIN_WRONG, GENESIS_OTHER {at}, MEMBERS_DUPLICATE, SWARM_KEY_INVALID.
 */
export async function joinConsortium(
  home: string,
  { part, genesisBytes, network, swarmKey }: Invited,
  nowMs: number,
): Promise<{ readonly genesisHash: string; readonly members: readonly NetworkMember[] }> {
  if (isFounded(home)) throw new CodedError('HOME_FOUNDED', { home });
  const { chainId } = parseGenesis(genesisBytes);
  requireChain(chainId, [part, ...network]);
  await ownMember(home, { members: [part] });
  const own = networkMemberOf(part);
  const others = network.filter(({ organisation }) => organisation !== own.organisation);
  const members = [...others, own];
  requireOnce(members);
  const servers = serversOf(home);
  const folder = join(servers, own.name);
  keepSwarmKey(folder, swarmKey);
  writeNodeSettings(nodeHomeIn(servers), { genesisBytes, settings: settingsOf(own, others) });
  joinFounded(folder, {
    ...{ chainId, account: own.organisation },
    listen: [`/ip4/0.0.0.0/tcp/${own.ports.storage}`],
    members: members.map((it) => storageMemberOf(it.organisation, it)),
  });
  writeNetwork(home, members);
  await certifyMachine(home, own, nowMs);
  const { name, title, organisation: account } = own;
  writeOwnMembers(home, [name], [{ name, title, account }]);
  // Last: a home with a genesis is one that is served.
  writeGenesis(home, genesisBytes);
  return { genesisHash: bytesToHex(genesisHash(genesisBytes)), members };
}

/**
 * Lets the machine of a new member in: among the peers of this home's node, its stores and its certificates. Stores follow
 * at once, the others from the next start on. Throws HOME_INVALID, CHAIN_WRONG, MEMBERS_DUPLICATE,
 * STORAGE_MEMBERS_INVALID.
 */
export function admitMember(home: string, part: PublicMember): readonly NetworkMember[] {
  const own = ownIn(home);
  if (own === undefined) throw new CodedError('HOME_INVALID', { file: 'network.json' });
  requireChain(own.chain, [part]);
  const admitted = networkMemberOf(part);
  const before = networkIn(home);
  const others = before.filter(({ organisation }) => organisation !== admitted.organisation);
  const members = [...others, admitted];
  requireOnce(members);
  const store = storageMemberOf(admitted.organisation, admitted);
  writeStores(home, (stores) => [
    ...stores.filter(({ account }) => account !== store.account),
    store,
  ]);
  writeMembers(home, own, members);
  return members;
}

/**
 * Takes the machine of a member that left out again, from where `admitMember` wrote it; whether it left is the ledger's word
 * and the caller's question. Throws HOME_INVALID, MEMBER_UNKNOWN, MEMBER_STAYS (its own), STORAGE_MEMBERS_INVALID.
 */
export function dismissMember(home: string, gone: NetworkMember): readonly NetworkMember[] {
  const own = ownIn(home);
  if (own === undefined) throw new CodedError('HOME_INVALID', { file: 'network.json' });
  const { organisation, name } = gone;
  if (organisation === own.organisation) throw new CodedError('MEMBER_STAYS', { name });
  const members = networkIn(home).filter((it) => it.organisation !== organisation);
  writeStores(home, (stores) => stores.filter(({ account }) => account !== organisation));
  writeMembers(home, own, members);
  return members;
}

/** A member as this home knows its machine, by short name, name, address or account. Throws MEMBER_UNKNOWN. */
export function machineOf(home: string, named: string): NetworkMember {
  const found = networkIn(home).find(({ name, title, url, organisation }) =>
    [name, title, url, `${url}/${name}`, organisation].includes(named),
  );
  if (found === undefined) throw new CodedError('MEMBER_UNKNOWN', { member: named });
  return found;
}

/** The list last: what is interrupted is done again by the same command. */
function writeMembers(home: string, own: NetworkMember, members: readonly NetworkMember[]): void {
  const peers = members.filter(({ name }) => name !== own.name).map(peerOf);
  writePeers(nodeHomeIn(serversOf(home)), peers);
  writeNetwork(home, members);
}

type Stores = ReturnType<typeof parseMembers>['members'];

function writeStores(home: string, change: (stores: Stores) => Stores): void {
  for (const { name } of membersIn(home)) {
    const path = join(serversOf(home), name, storageFiles.members);
    const { chainId, members, blocks } = parseMembers(readFileSync(path, 'utf8'));
    const text = formatMembers({ chainId, members: change(members), blocks });
    parseMembers(text);
    writeWhole(path, utf8(text));
  }
}

function requireChain(chainId: string, members: readonly { readonly chain: string }[]): void {
  const other = members.find(({ chain }) => chain !== chainId);
  if (other !== undefined) throw new CodedError('CHAIN_WRONG', { chain: other.chain });
}

/** No two with one name, place or key. */
function requireOnce(members: readonly NetworkMember[]): void {
  requireDistinct(members);
  const keys = members.flatMap(({ validator, nodeId, storageKey }) => [
    ...[validator, nodeId, storageKey],
  ]);
  if (new Set(keys).size < keys.length) throw new CodedError('MEMBERS_DUPLICATE', { what: 'key' });
}

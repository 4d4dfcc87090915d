import { mkdirSync } from 'node:fs';
import { defaultGenesis, encodeGenesis } from '../../ledger/genesis.ts';
import { foundingLogs } from '../../ledger/protocol.ts';
import { CodedError } from '../../primitives/errors.ts';
import { writeWhole } from '../files.ts';
import { foundingRights, genesisOrganisation, newChainId } from '../founding.ts';
import { genesisPath, type Member, openHospital, writeOwnMembers } from '../home-members.ts';
import { openHome } from '../home-version.ts';
import { serversOf } from '../process.ts';
import { writeKeeping } from './keeping.ts';
import { nodeKeys, writeNodeSettings } from './node-home.ts';
import { nodeHomeIn } from './places.ts';

/** A hospital of a consortium that is founded, and where it will be found. */
export interface ConsortiumMember extends Member {
  /** Of its gateway, with its name as the path: https://north.example/north. */
  readonly url: string;
  /** Where the others' nodes find its node: host and port. */
  readonly p2pAddress: string;
  /** Where its node listens for them; missing: at that address. */
  readonly p2pListen?: string;
  /** Where its node answers its own machine. */
  readonly rpcAddress: string;
}

/** The power of each validator: one hospital, one vote. */
const power = 10;

/**
 * The homes of a new consortium on CometBFT, one in each folder of `homeOf`, with all keys: for machines of one owner, and
 * for tests. Hospitals that do not trust one another make their own keys and put the genesis together from public parts.
 * Throws USAGE {members}: the same name, url or address twice.
 */
export async function foundConsortium(
  members: readonly ConsortiumMember[],
  homeOf: (member: ConsortiumMember) => string,
  nowMs = Date.now(),
): Promise<void> {
  for (const field of ['name', 'url', 'p2pAddress'] as const) {
    if (new Set(members.map((it) => it[field])).size !== members.length) {
      throw new CodedError('USAGE', { members: field });
    }
  }
  const chainId = newChainId();
  const rights = foundingRights();
  const founded = await Promise.all(
    members.map(async (member) => {
      const home = homeOf(member);
      const servers = serversOf(home);
      mkdirSync(servers, { recursive: true, mode: 0o700 });
      await openHome(home);
      const hospital = await openHospital(servers, member);
      const organisation = await genesisOrganisation(hospital, {
        chainId,
        rights,
        url: member.url,
      });
      writeOwnMembers(home, [member.name]);
      return { member, servers, organisation, keys: nodeKeys(nodeHomeIn(servers)) };
    }),
  );
  // In the order of the organisations: each has its own (state.md, ST-12).
  const validators = founded.map(({ keys }) => ({ publicKey: keys.validator, power }));
  const organisations = founded.map(({ organisation }) => organisation);
  const chosen = { chainId, timeMs: nowMs, organisations, validators };
  const genesisBytes = encodeGenesis(defaultGenesis(chosen, foundingLogs));
  const nodes = founded.map(({ member, keys }) => ({
    ...{ nodeId: keys.nodeId, address: member.p2pAddress },
  }));
  for (const [at, { member, servers }] of founded.entries()) {
    const { p2pAddress, p2pListen = p2pAddress, rpcAddress, name: moniker } = member;
    const peers = nodes.filter((_, other) => other !== at);
    const settings = { p2pAddress, p2pListen, rpcAddress, peers, moniker };
    writeNodeSettings(nodeHomeIn(servers), { genesisBytes, settings });
    // One keeps every block of its node too, for a member that was away for longer than the others keep theirs (CB-16).
    if (at === 0) writeKeeping(servers, { archive: true });
    // Last: without it nothing of this counts.
    writeWhole(genesisPath(servers), genesisBytes, 0o644);
  }
}

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '../../../primitives/errors.ts';
import { makeFolder } from '../../../server/files.ts';
import { writeOperatorFiles } from '../../../server/operator-files.ts';
import { newSwarmKey } from '../../../server/storage/migrate.ts';
import {
  assemble,
  genesisHashOf,
  genesisOf,
  installGenesis,
  keepMemberSwarmKey,
  openMember,
  signGenesis,
} from './genesis-proposal.ts';
import type { PlannedConsortium } from './member.ts';
import type { PublicMember } from './part.ts';

export interface MadeHome {
  readonly name: string;
  readonly title: string;
  readonly home: string;
  readonly nodeId: string;
  readonly config: string;
  readonly unit: string;
  readonly next: string;
}

export interface MadeConsortium {
  readonly chain: string;
  readonly genesisHash: string;
  readonly homes: readonly MadeHome[];
}

/**
 * The homes of all members, a folder each, made at one place: whoever makes them holds every key until they are carried
 * to their machines. Throws HOME_NOT_EMPTY, MEMBERS_*, GENESIS_*.
 */
export async function makeHomes(
  planned: PlannedConsortium,
  {
    out,
    command,
    nowMs,
  }: {
    readonly out: string;
    readonly command: readonly string[];
    readonly nowMs: number;
  },
): Promise<MadeConsortium> {
  if (existsSync(out) && readdirSync(out).length > 0) {
    throw new CodedError('HOME_NOT_EMPTY', { folder: out });
  }
  makeFolder(out);
  const { chain, members } = planned;
  const homes = members.map((member) => ({ member, home: join(out, member.name) }));
  const parts = await Promise.all(
    homes.map(({ member, home }) => openMember(home, chain, member, nowMs)),
  );
  let proposal = assemble(parts, nowMs);
  const swarmKey = newSwarmKey();
  for (const { home } of homes) {
    proposal = await signGenesis(home, proposal);
    await keepMemberSwarmKey(home, proposal, swarmKey);
  }
  const made: MadeHome[] = [];
  for (const { home } of homes) {
    const own = await installGenesis(home, proposal, nowMs);
    const files = writeMemberFiles({ home, own, count: homes.length, command });
    made.push({ name: own.name, title: own.title, home, nodeId: own.nodeId, ...files });
  }
  return { chain, genesisHash: genesisHashOf(genesisOf(proposal)), homes: made };
}

/** Settings, unit and the page of what comes next, of a member's home that is ready to run. */
export function writeMemberFiles({
  home,
  own,
  count,
  command,
}: {
  readonly home: string;
  readonly own: PublicMember;
  readonly count: number;
  readonly command: readonly string[];
}): ReturnType<typeof writeOperatorFiles> {
  const { name, title, url, ports } = own;
  return writeOperatorFiles({
    ...{ home, name, title, command },
    flags: ['--engine', 'cometbft'],
    config: {
      ...{ host: '127.0.0.1', port: ports.gateway, url },
      ...{ trustedProxy: ['127.0.0.1', '::1'], logLevel: 'info' },
    },
    steps: [
      `Carry this folder to the machine \`${own.host}\` by a way that nobody else reads, and delete it here: it holds the keys of ${title}.`,
      `Let the other ${count - 1} machines reach port ${ports.p2p} (CometBFT), ${ports.storage} (blobs) and ${ports.peers} (gateways), and nobody else; people reach port ${ports.gateway} through the proxy that ends TLS at ${url}.`,
      `Compare the genesis with the other members: \`salus consortium status --home ${home}\` shows its hash.`,
      `Serve it: \`salus up --home ${home} --engine cometbft\`; or for good: copy \`salus-${name}.service\` to /etc/systemd/system, name its user, then \`systemctl enable --now salus-${name}\`. The ledger goes on when more than two thirds of the members run.`,
      `Back it up every night: \`salus backup --home ${home} --out FOLDER --prune 30\` (docs/operations/backup.md). Never run two machines with one home: a validator that signs twice is voted out by the ledger itself.`,
      `Make an operator: \`salus person create operator --home ${home} --hospital ${name} --role operator\`; take people in: \`salus desk invite --home ${home} --hospital ${name} --role patient --name "Ana Lima" --sheet ana.html\`.`,
      `What members decide together: docs/operations/consortium.md.`,
    ],
  });
}

import { cpSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { bytesOfText } from '../../src/api/message-parts.ts';
import { stateAnswer } from '../../src/api/tx.ts';
import { rpcUrlOf } from '../../src/engines/cometbft/node.ts';
import { CometRpc } from '../../src/engines/cometbft/rpc/rpc.ts';
import { decodeRow, onlyRow } from '../../src/ledger/table.ts';
import { validatorsCases } from '../../src/ledger/tables/validators-cases.ts';
import { equalBytes } from '../../src/primitives/bytes.ts';
import { freePorts } from '../../src/story/free-ports.ts';
import { type Consortium, setConfig, withPeersAt } from './consortium.ts';
import { startValidator, stopValidator } from './faults.ts';
import { Hospital } from './hospital.ts';
import { seatOf } from './seats.ts';

/** How long evidence may take: both have to vote for different blocks, and somebody has to see that. */
const patienceMs = 90_000;

export interface Twins {
  readonly of: string;
  /** Of its validator's key, as the node writes it. */
  readonly address: string;
  /** Height of the block that carried the evidence; undefined: none came. */
  readonly evidenceAt: number | undefined;
  /** Validators before and some blocks later. */
  readonly before: number;
  readonly after: number;
  readonly isIn: boolean;
  /** What the ledger says of it: a case, and whether its power was taken. */
  readonly cases: readonly { readonly removed: boolean }[];
}

/**
 * One validator's key in two places: a copy of its home is started beside it, as where an old backup was set up while the
 * machine still ran. One half of the others talks to the one, the other half to the other, until evidence is in a block.
 */
export async function doubleSign(
  { hospitals, mesh, folder }: Consortium,
  one: Hospital,
  onSay: (what: string) => void,
): Promise<Twins> {
  const others = hospitals.filter((it) => it !== one);
  const [witness] = others;
  if (witness === undefined) throw new Error('nobody else');
  const rpc = new CometRpc(rpcUrlOf(witness.nodeHome));
  const before = await witness.validators();
  const address = await addressOf(new CometRpc(rpcUrlOf(one.nodeHome)));
  const from = (await witness.height()) ?? 1;

  await one.down('SIGKILL');
  const home = `${folder}/twin-of-${one.name}`;
  // A socket cannot be copied, and each makes its own.
  cpSync(one.home, home, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  const [p2pPort, rpcPort] = await freePorts(2);
  const p2pAddress = `127.0.0.1:${p2pPort}`;
  const number = mesh.add(p2pAddress);
  const links = await Promise.all(others.map((it) => mesh.link(number, it.number)));
  setConfig(home, (config) => {
    const seen = new Map(peersIn(config).map((peer, at) => [peer, links[at] ?? '']));
    return withPeersAt(config, seen)
      .replace(/^(\[rpc\]\n(?:#.*\n)*laddr = ).*$/m, `$1"tcp://127.0.0.1:${rpcPort}"`)
      .replace(/^(\[p2p\]\n(?:#.*\n)*laddr = ).*$/m, `$1"tcp://${p2pAddress}"`);
  });
  // The last one keeps to the original, all others to the copy; among themselves they talk.
  const mine = others.slice(-1);
  for (const other of others)
    mesh.part(mine.includes(other) ? number : one.number, other.number, true);
  const log = `${home}.log`;
  const twin = new Hospital({ name: `twin of ${one.name}`, home, log, gatewayPort: 0, number });
  const running = await startValidator(twin, { lies: false, seed: 0 });
  one.up();
  onSay(`${one.name} and its twin run`);
  let evidenceAt: number | undefined;
  try {
    evidenceAt = await evidenceAfter(rpc, from, address);
  } finally {
    await stopValidator(running, twin);
    mesh.heal();
  }
  // What a block decides of validators holds two heights later.
  const deadline = performance.now() + 30_000;
  while (((await witness.height()) ?? 0) < (evidenceAt ?? 0) + 3 && performance.now() < deadline) {
    await wait(250);
  }
  const after = await witness.validators();
  return {
    ...{ of: one.name, address, evidenceAt, before: before.length, after: after.length },
    isIn: after.includes(address),
    cases: await casesOf(witness, one),
  };
}

/** The addresses of peers, in the order in which the file lists them: that of the members without itself. */
function peersIn(config: string): string[] {
  const listed = /^persistent_peers = "(.*)"$/m.exec(config)?.[1] ?? '';
  return listed.split(',').map((peer) => peer.split('@')[1] ?? '');
}

/** The ledger's cases against this hospital's validator, as another one tells them. */
async function casesOf(witness: Hospital, one: Hospital): Promise<Twins['cases']> {
  const path = `${witness.name}/v1/state/validators-cases/${onlyRow}`;
  const { value } = stateAnswer.parse(await (await fetch(`${witness.url}/${path}`)).json());
  const { publicKey } = await seatOf(one);
  const cases = value === null ? [] : decodeRow(validatorsCases, bytesOfText(value));
  return cases
    .filter((it) => equalBytes(it.publicKey, publicKey))
    .map(({ removed }) => ({ removed }));
}

interface NodeStatus {
  readonly validator_info?: { readonly address?: string };
}

async function addressOf(rpc: CometRpc): Promise<string> {
  const status = (await rpc.ask('status')) as NodeStatus;
  return status.validator_info?.address ?? '';
}

interface BlockWithEvidence {
  readonly block?: {
    readonly evidence?: {
      readonly evidence?: readonly {
        readonly value?: { readonly vote_a?: { readonly validator_address?: string } };
      }[];
    };
  };
}

/** The first block after `from` that carries evidence against this validator. */
async function evidenceAfter(
  rpc: CometRpc,
  from: number,
  address: string,
): Promise<number | undefined> {
  const deadline = performance.now() + patienceMs;
  let height = from;
  while (performance.now() < deadline) {
    try {
      const asked = await rpc.ask('block', { height: String(height) });
      const { evidence } = (asked as BlockWithEvidence).block?.evidence ?? {};
      const against = evidence?.map(({ value }) => value?.vote_a?.validator_address);
      if (against?.includes(address) === true) return height;
      height += 1;
    } catch {
      // Not there yet.
      await wait(200);
    }
  }
  return undefined;
}

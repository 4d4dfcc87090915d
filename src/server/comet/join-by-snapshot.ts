import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyVote } from '../../crypto/signature.ts';
import { BlockStore } from '../../engines/blocks/block-store.ts';
import { removeState } from '../../engines/ledger-application/snapshots/arriving-state.ts';
import { headerHashBytes } from '../../ledger/chain/header.ts';
import { type SignedHeaderParts, verifySigned } from '../../ledger/chain/light-client.ts';
import { formatTrustRoot, trustRootOf } from '../../ledger/chain/trust-root.ts';
import { sortValidators, validatorsHash } from '../../ledger/chain/validators.ts';
import { genesisHash, parseGenesis } from '../../ledger/genesis.ts';
import { executeGenesis } from '../../ledger/ledger.ts';
import { bytesToHex, equalBytes, utf8 } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { TrustedSets } from '../../sdk/ledger/trusted-sets.ts';
import { makeFolder, writeWhole } from '../files.ts';
import { serversOf } from '../process.ts';
import { keepingIn } from './keeping.ts';
import { LightServer } from './light-server.ts';
import type { OtherMember } from './other-members.ts';
import { blocksIn, nodeHomeIn, stateIn } from './places.ts';

/** A header that a node is told to trust, and whom its light client asks for the rest. */
export interface StateSync {
  readonly servers: readonly string[];
  readonly height: number;
  readonly hash: Uint8Array;
}

export interface Joining {
  readonly height: number;
  /** The node is told nothing of this at its next start, and the light client's servers end. */
  readonly end: () => Promise<void>;
}

const section = /\n\[statesync\]\n[^[]*/;
/** The light client's own; the header that it trusts is minutes old, or as old as a quiet ledger's last ones. */
const trustPeriod = '336h0m0s';

/**
 * Makes this home's node take the state from the others' snapshots, where it has nothing yet and they have one; what it is
 * told to trust was verified here from the genesis on. Undefined: it takes all blocks from its peers.
 * Throws LEDGER_FORKED: two members show two ledgers. Source: docs/protocol/cometbft.md, rule CB-14.
 */
export async function beginJoining(
  home: string,
  genesisBytes: Uint8Array,
  others: readonly OtherMember[],
): Promise<Joining | undefined> {
  const servers = serversOf(home);
  const nodeHome = nodeHomeIn(servers);
  writeStateSync(nodeHome, undefined);
  const tries = triesBefore(servers);
  if (tries === 0 && existsSync(join(nodeHome, 'data', 'blockstore.db'))) return undefined;
  // One that was restored: what it lacks follows what it has.
  const isKeeping = hasBlocks(servers);
  if (tries > 0 || isKeeping) clearTries(servers);
  if (isKeeping) return undefined;
  if (tries > 0) {
    forgetAttempt(servers);
    if (tries >= mostTries) return undefined;
  }
  const shown = await Promise.all(others.map((from) => newestOf(from)));
  const here = shown.filter((it) => it !== undefined);
  const [first, second] = here;
  if (first === undefined || second === undefined) return undefined;
  const { snapshotEvery } = keepingIn(servers);
  const tip = Math.min(...here.map(({ tip: height }) => height));
  // The light client verifies two headers above a snapshot.
  const newest = Math.floor((tip - 2) / snapshotEvery) * snapshotEvery;
  if (newest < snapshotEvery) return undefined;
  const height = Math.max(1, newest - snapshotEvery);
  let trusted: Uint8Array;
  try {
    trusted = await trustedHash(home, { genesisBytes, height, first, second });
  } catch (error) {
    // The set of validators changed more than 30 days after the genesis, or somebody went away: all blocks, then.
    if (!isCoded(error) || isCoded(error, 'LEDGER_FORKED')) throw error;
    return undefined;
  }
  const consensusParams = consensusParamsIn(nodeHome);
  const pair = [first, second] as const;
  const lights = await Promise.all(
    pair.map(({ from }) =>
      LightServer.open({ from, consensusParams, turns: (at) => agreedTurns(at, pair) }),
    ),
  );
  const urls = lights.map(({ url }) => url);
  writeStateSync(nodeHome, { servers: urls, height, hash: trusted });
  makeFolder(join(servers, 'ledger'));
  writeWhole(attemptIn(servers), utf8(String(tries + 1)), 0o644);
  const end = async () => {
    writeStateSync(nodeHome, undefined);
    if (hasBlocks(servers)) clearTries(servers);
    await Promise.all(lights.map((light) => light.close()));
  };
  return { height: newest, end };
}

/** An attempt that ended before the first block was kept may have left the node without what its application has. */
const attemptIn = (servers: string): string => join(servers, 'ledger', 'joining');
/** Then the node takes all blocks: nobody has a snapshot that can be had. */
const mostTries = 3;

function triesBefore(servers: string): number {
  const path = attemptIn(servers);
  return existsSync(path) ? Math.max(1, Number(readFileSync(path, 'utf8')) || 1) : 0;
}

const clearTries = (servers: string): void => rmSync(attemptIn(servers), { force: true });

function hasBlocks(servers: string): boolean {
  if (!existsSync(blocksIn(servers))) return false;
  const store = new BlockStore(blocksIn(servers), { readOnly: true, check: false });
  try {
    return store.lastHeight() > 0;
  } finally {
    store.close();
  }
}

/** The node and its application have nothing again; what the node signed stays known. */
function forgetAttempt(servers: string): void {
  const data = join(nodeHomeIn(servers), 'data');
  for (const name of existsSync(data) ? readdirSync(data) : []) {
    if (name !== 'priv_validator_state.json') rmSync(join(data, name), { recursive: true });
  }
  removeState(stateIn(servers));
}

interface Shown {
  readonly from: OtherMember;
  readonly tip: number;
}

async function newestOf(from: OtherMember): Promise<Shown | undefined> {
  try {
    return { from, tip: (await from.header('latest')).header.height };
  } catch {
    return undefined;
  }
}

/** In no hash: what one says alone could make this node propose and expect proposals out of turn. */
async function agreedTurns(height: number, of: readonly Shown[]): Promise<readonly number[]> {
  const [one = [], other = []] = await Promise.all(of.map(({ from }) => from.turns(height)));
  if (one.join() !== other.join()) throw new CodedError('GATEWAY_LIED', { height });
  return one;
}

/** Throws HEADER_INVALID, HEADER_EXPIRED, LEDGER_FORKED, and what asking throws. */
async function trustedHash(
  home: string,
  of: {
    readonly genesisBytes: Uint8Array;
    readonly height: number;
    readonly first: Shown;
    readonly second: Shown;
  },
): Promise<Uint8Array> {
  const { genesisBytes, height, first, second } = of;
  const genesis = parseGenesis(genesisBytes);
  const { chainId } = genesis;
  const root = await first.from.header(1);
  const set = validatorsHash(sortValidators(genesis.validators));
  const isOfGenesis =
    root.header.height === 1 &&
    equalBytes(root.header.validatorsHash, set) &&
    equalBytes(root.header.appHash, executeGenesis(genesis).appHash);
  if (!isOfGenesis) throw new CodedError('HEADER_INVALID', { reason: 'genesis', height: 1 });
  await verifySigned(root, chainId, verifyVote);
  const show = (at: number) => first.from.header(at);
  const headerHash = headerHashBytes(root.header);
  const sets = new TrustedSets({ root: { height: 1, headerHash, set }, show, verifyVote });
  const target = await first.from.header(height);
  await verifySigned(target, chainId, verifyVote);
  await sets.require(target);
  requireSame(target, await second.from.header(height));
  const path = join(home, 'trust.json');
  const trustRoot = formatTrustRoot(trustRootOf(root.header, genesisHash(genesisBytes), []));
  if (!existsSync(path)) writeWhole(path, utf8(trustRoot), 0o644);
  return headerHashBytes(target.header);
}

function requireSame({ header: one }: SignedHeaderParts, { header: other }: SignedHeaderParts) {
  const [known, shown] = [headerHashBytes(one), headerHashBytes(other)];
  if (equalBytes(known, shown)) return;
  const hashes = { known: bytesToHex(known), shown: bytesToHex(shown) };
  throw new CodedError('LEDGER_FORKED', { height: one.height, ...hashes });
}

function consensusParamsIn(nodeHome: string): unknown {
  const text = readFileSync(join(nodeHome, 'config', 'genesis.json'), 'utf8');
  return Reflect.get(Object(JSON.parse(text)), 'consensus_params');
}

/** In the node's settings as they are; undefined: it begins with what it has. */
export function writeStateSync(nodeHome: string, sync: StateSync | undefined): void {
  const path = join(nodeHome, 'config', 'config.toml');
  const before = readFileSync(path, 'utf8');
  const without = before.replace(section, '\n');
  const after = sync === undefined ? without : `${without.trimEnd()}\n${sectionOf(sync)}`;
  if (after !== before) writeFileSync(path, after);
}

const sectionOf = ({ servers, height, hash }: StateSync): string => `
[statesync]
# Written by salus up while this machine joins; gone when it has.
enable = true
rpc_servers = "${servers.join(',')}"
trust_height = ${height}
trust_hash = "${bytesToHex(hash)}"
trust_period = "${trustPeriod}"
discovery_time = "5s"
chunk_request_timeout = "10s"
chunk_fetchers = "4"
`;

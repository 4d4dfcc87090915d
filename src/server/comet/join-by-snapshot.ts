import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyVote } from '../../crypto/signature.ts';
import { BlockStore } from '../../engines/blocks/block-store.ts';
import { removeState } from '../../engines/ledger-application/snapshots/arriving-state.ts';
import { type Header, headerHashBytes } from '../../ledger/chain/header.ts';
import { verifySigned } from '../../ledger/chain/light-client.ts';
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
 * Throws LEDGER_FORKED: two members show two ledgers, both signed. Source: docs/protocol/cometbft.md, rule CB-14.
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
  const begun = await beginningOf(others, {
    genesisBytes,
    every: keepingIn(servers).snapshotEvery,
    tries,
  });
  if (begun === undefined) return undefined;
  const { pair, newest, trusted } = begun;
  keepTrustRoot(home, genesisBytes, begun.root);
  const consensusParams = consensusParamsIn(nodeHome);
  const lights = await Promise.all(
    pair.map(({ from }) =>
      LightServer.open({ from, consensusParams, turns: (at) => agreedTurns(at, pair) }),
    ),
  );
  const urls = lights.map(({ url }) => url);
  writeStateSync(nodeHome, { servers: urls, ...trusted });
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

/** A member whose header 1 is of this genesis, and whose newest header follows from it. */
interface Shown {
  readonly from: OtherMember;
  readonly root: Header;
  readonly tip: number;
  /** Verified from the genesis on. Throws HEADER_INVALID, HEADER_EXPIRED, LEDGER_FORKED, and what asking throws. */
  readonly header: (height: number | 'latest') => Promise<Header>;
}

interface Beginning {
  /** Whom the node's light client asks. */
  readonly pair: readonly [Shown, Shown];
  /** Of the newest snapshot that there has to be. */
  readonly newest: number;
  readonly trusted: { readonly height: number; readonly hash: Uint8Array };
  readonly root: Header;
}

/**
 * Two members who show one ledger of this genesis. Whoever shows what does not verify, and whoever shows less than the others, is
 * passed over, and another attempt asks another two: one that lies keeps nobody from joining, and is no fork. Undefined: there are
 * no two, or there is no snapshot yet. Throws LEDGER_FORKED: two show signed headers that differ.
 */
async function beginningOf(
  others: readonly OtherMember[],
  of: { readonly genesisBytes: Uint8Array; readonly every: number; readonly tries: number },
): Promise<Beginning | undefined> {
  const { genesisBytes, every, tries } = of;
  const all = await Promise.all(others.map((from) => answered(shownBy(from, genesisBytes))));
  let left = all.filter((it) => it !== undefined).sort((a, b) => b.tip - a.tip);
  for (;;) {
    const [best, next] = left;
    if (best === undefined || next === undefined) return undefined;
    const level = left.filter(({ tip }) => tip >= Math.min(next.tip, best.tip - every));
    const turned = [...level.slice(tries % level.length), ...level, ...left];
    const first = turned[0] ?? best;
    const second = turned.find((it) => it !== first) ?? next;
    // The light client verifies two headers above a snapshot.
    const newest = Math.floor((Math.min(first.tip, second.tip) - 2) / every) * every;
    if (newest < every) return undefined;
    const height = Math.max(1, newest - every);
    const pair = [first, second] as const;
    const [one, other] = await Promise.all(pair.map((it) => answered(it.header(height))));
    if (one !== undefined && other !== undefined) {
      requireSame(one, other);
      const trusted = { height, hash: headerHashBytes(one) };
      return { pair, newest, trusted, root: first.root };
    }
    left = left.filter((it) => !(it === first && !one) && !(it === second && !other));
  }
}

/** Undefined: it is away, or what it shows does not hold. */
async function answered<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isCoded(error)) return undefined;
    throw error;
  }
}

/** In no hash: what one says alone could make this node propose and expect proposals out of turn. */
async function agreedTurns(height: number, of: readonly Shown[]): Promise<readonly number[]> {
  const [one = [], other = []] = await Promise.all(of.map(({ from }) => from.turns(height)));
  if (one.join() !== other.join()) throw new CodedError('GATEWAY_LIED', { height });
  return one;
}

/** Throws HEADER_INVALID, HEADER_EXPIRED, LEDGER_FORKED, and what asking throws. */
async function shownBy(from: OtherMember, genesisBytes: Uint8Array): Promise<Shown> {
  const genesis = parseGenesis(genesisBytes);
  const { chainId } = genesis;
  const root = await from.header(1);
  const set = validatorsHash(sortValidators(genesis.validators));
  const isOfGenesis =
    root.header.height === 1 &&
    equalBytes(root.header.validatorsHash, set) &&
    equalBytes(root.header.appHash, executeGenesis(genesis).appHash);
  if (!isOfGenesis) throw new CodedError('HEADER_INVALID', { reason: 'genesis', height: 1 });
  await verifySigned(root, chainId, verifyVote);
  const headerHash = headerHashBytes(root.header);
  const show = (at: number) => from.header(at);
  const sets = new TrustedSets({
    ...{ chainId, root: { height: 1, headerHash, set }, show, verifyVote },
  });
  const header = async (height: number | 'latest'): Promise<Header> => {
    const parts = await from.header(height);
    if (height !== 'latest' && parts.header.height !== height) {
      throw new CodedError('HEADER_INVALID', { reason: 'height', height });
    }
    await verifySigned(parts, chainId, verifyVote);
    await sets.require(parts);
    return parts.header;
  };
  return { from, root: root.header, tip: (await header('latest')).height, header };
}

function keepTrustRoot(home: string, genesisBytes: Uint8Array, root: Header): void {
  const path = join(home, 'trust.json');
  const trustRoot = formatTrustRoot(trustRootOf(root, genesisHash(genesisBytes), []));
  if (!existsSync(path)) writeWhole(path, utf8(trustRoot), 0o644);
}

/** Both are verified. Throws LEDGER_FORKED. */
function requireSame(one: Header, other: Header): void {
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

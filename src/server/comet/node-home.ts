import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { appStateOf } from '../../engines/cometbft/app-state.ts';
import { validatorAddress } from '../../ledger/chain/validators.ts';
import { parseGenesis } from '../../ledger/genesis.ts';
import { base64urlToBytes, bytesToHex, concatBytes, utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { makeFolder, writeWhole } from '../files.ts';
import { type HandoverFile, handedTo } from './handover.ts';

/**
 * The files that a CometBFT node of a consortium begins with: its keys, the common genesis, its settings.
 * Source: CometBFT v0.38, docs/core/configuration; docs/protocol/cometbft.md, rules CB-3 and CB-10.
 */
export interface NodePeer {
  /** First 20 bytes of SHA-256 over the node's transport key, hex. */
  readonly nodeId: string;
  /** Host and port of its p2p door. */
  readonly address: string;
}

export interface NodeSettings {
  /** Shown to peers. */
  readonly moniker: string;
  /** Where it listens for its peers, such as 0.0.0.0:26656. */
  readonly p2pListen: string;
  /** Where they find it. */
  readonly p2pAddress: string;
  /** For this machine alone, such as 127.0.0.1:26657. */
  readonly rpcAddress: string;
  readonly peers: readonly NodePeer[];
}

/** What the others know of a machine: the key that orders blocks, and the id of its node. */
export interface NodeKeys {
  readonly validator: Uint8Array;
  readonly nodeId: string;
}

const keyFile = z.looseObject({ priv_key: z.looseObject({ value: z.base64() }) });

/**
 * The machine's two keys, made on first use, readable by their owner alone; and that nothing was signed yet.
 * Throws KEY_FILE_INVALID {file}.
 */
export function nodeKeys(nodeHome: string): NodeKeys {
  const at = (...path: readonly string[]) => join(nodeHome, ...path);
  for (const folder of ['config', 'data']) makeFolder(at(folder));
  const [validator, node] = [
    at('config', 'priv_validator_key.json'),
    at('config', 'node_key.json'),
  ];
  if (!existsSync(validator)) {
    write(at('data', 'priv_validator_state.json'), { height: '0', round: 0, step: 0 }, 0o600);
    write(validator, validatorFile(newKey()), 0o600);
  }
  if (!existsSync(node)) write(node, { priv_key: privateKeyJson(newKey()) }, 0o600);
  const nodeId = bytesToHex(validatorAddress(publicKeyIn(node)));
  return { validator: publicKeyIn(validator), nodeId };
}

/** The genesis and the settings, beside the keys. */
export function writeNodeSettings(
  nodeHome: string,
  of: {
    readonly genesisBytes: Uint8Array;
    readonly settings: NodeSettings;
    readonly handover?: HandoverFile | undefined;
  },
): void {
  const config = join(nodeHome, 'config');
  write(join(config, 'genesis.json'), cometGenesis(of.genesisBytes, of.handover), 0o644);
  write(join(config, 'config.toml'), configToml(of.settings), 0o644);
}

function write(path: string, content: object | string, mode: number): void {
  const text = typeof content === 'string' ? content : `${JSON.stringify(content, undefined, 2)}\n`;
  writeWhole(path, utf8(text), mode);
}

interface RawKey {
  readonly publicKey: Uint8Array;
  /** CometBFT's form: seed and public key. */
  readonly secret: Uint8Array;
}

function newKey(): RawKey {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const [seed, publicKey] = [base64urlToBytes(d), base64urlToBytes(x)];
  if (seed === undefined || publicKey === undefined) throw new CodedError('INTERNAL');
  return { publicKey, secret: concatBytes(seed, publicKey) };
}

function publicKeyIn(path: string): Uint8Array {
  try {
    const { priv_key: key } = keyFile.parse(JSON.parse(readFileSync(path, 'utf8')));
    const secret = Buffer.from(key.value, 'base64');
    if (secret.length !== 64) throw new CodedError('KEY_FILE_INVALID');
    return new Uint8Array(secret.subarray(32));
  } catch {
    // The cause is left out: a parser's message may quote what it read.
    throw new CodedError('KEY_FILE_INVALID', { file: path });
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const addressOf = (publicKey: Uint8Array): string =>
  bytesToHex(validatorAddress(publicKey)).toUpperCase();
const publicKeyJson = (key: Uint8Array) => ({
  ...{ type: 'tendermint/PubKeyEd25519', value: base64(key) },
});
const privateKeyJson = ({ secret }: RawKey) => ({
  ...{ type: 'tendermint/PrivKeyEd25519', value: base64(secret) },
});
const validatorFile = (key: RawKey) => ({
  address: addressOf(key.publicKey),
  pub_key: publicKeyJson(key.publicKey),
  priv_key: privateKeyJson(key),
});

const fortnightNs = 14n * 86_400n * 1_000_000_000n;

/** CometBFT's genesis for ours: the same chain, time and validators, and ours inside as it travels. */
function cometGenesis(genesisBytes: Uint8Array, handover?: HandoverFile): object {
  const genesis = parseGenesis(genesisBytes);
  const { height = 0, timeMs = genesis.timeMs - 1 } = handover ?? {};
  const validators = handover === undefined ? genesis.validators : handedTo(handover).validators;
  return {
    genesis_time: new Date(timeMs + 1).toISOString(),
    chain_id: genesis.chainId,
    initial_height: String(height + 1),
    consensus_params: {
      block: { max_bytes: String(genesis.limits.maxBlockBytes), max_gas: '-1' },
      evidence: {
        // 14 days of heartbeats: evidence is too old when it is so by both.
        max_age_num_blocks: '4032',
        max_age_duration: String(fortnightNs),
        max_bytes: '131072',
      },
      validator: { pub_key_types: ['ed25519'] },
      version: { app: '1' },
      abci: { vote_extensions_enable_height: '0' },
    },
    validators: validators.map(({ publicKey, power }, at) => ({
      address: addressOf(publicKey),
      pub_key: publicKeyJson(publicKey),
      power: String(power),
      name: genesis.organisations[at]?.name ?? '',
    })),
    app_hash: '',
    app_state: JSON.parse(appStateOf(genesisBytes, handover)) as unknown,
  };
}

/** A closed network: listed peers, no gossip of addresses, the door for questions on this machine alone. */
function configToml(settings: NodeSettings): string {
  const { moniker, p2pListen, p2pAddress, rpcAddress, peers } = settings;
  const persistent = peers.map(({ nodeId, address }) => `${nodeId}@${address}`).join(',');
  return `# Written by Salus for CometBFT v0.38. What is not here is its default.
moniker = ${JSON.stringify(moniker)}
abci = "socket"
db_backend = "goleveldb"
log_level = "error"
# The application says which nodes may connect.
filter_peers = true

[rpc]
# For this machine alone: never public on a validator.
laddr = "tcp://${rpcAddress}"
timeout_broadcast_tx_commit = "10s"

[p2p]
laddr = "tcp://${p2pListen}"
external_address = "${p2pAddress}"
persistent_peers = "${persistent}"
unconditional_peer_ids = "${peers.map(({ nodeId }) => nodeId).join(',')}"
# No gossip of addresses, no seeds: members know each other.
pex = false
addr_book_strict = false
allow_duplicate_ip = true
flush_throttle_timeout = "1ms"

[mempool]
size = 5000
max_tx_bytes = 65536
max_txs_bytes = 67108864
cache_size = 20000
recheck = true
recheck_timeout = "1s"

[consensus]
timeout_propose = "2s"
timeout_prevote = "500ms"
timeout_precommit = "500ms"
# Dominates the latency of a small set.
timeout_commit = "100ms"
create_empty_blocks = false
# A heartbeat, so that clients can bound how old a state is.
create_empty_blocks_interval = "300s"
# With another value a machine that signed one of so many last blocks does not start again: on a quiet ledger for an
# hour, and after all were stopped never. Two machines with one key are found by evidence (governance.md GV-10).
double_sign_check_height = 0
peer_gossip_sleep_duration = "10ms"

[tx_index]
indexer = "null"
`;
}

/**
 * The nodes that this one talks to, in its settings as they are: what else somebody wrote there stays. It counts from its
 * next start on. Throws HOME_INVALID.
 */
export function writePeers(nodeHome: string, peers: readonly NodePeer[]): void {
  const path = join(nodeHome, 'config', 'config.toml');
  const persistent = peers.map(({ nodeId, address }) => `${nodeId}@${address}`).join(',');
  const ids = peers.map(({ nodeId }) => nodeId).join(',');
  const before = readFileSync(path, 'utf8');
  const lines = [/^persistent_peers\s*=.*$/m, /^unconditional_peer_ids\s*=.*$/m] as const;
  if (!lines.every((line) => line.test(before))) {
    throw new CodedError('HOME_INVALID', { file: 'config.toml' });
  }
  const after = before
    .replace(lines[0], `persistent_peers = "${persistent}"`)
    .replace(lines[1], `unconditional_peer_ids = "${ids}"`);
  write(path, after, 0o644);
}

/**
 * That a node's own genesis carries this one: it would never come to a block with the others, and says so only in its log.
 * Throws GENESIS_WRONG, HOME_INVALID.
 */
export function requireSameGenesis(
  nodeHome: string,
  genesisBytes: Uint8Array,
  handover?: HandoverFile,
): void {
  let carried: unknown;
  try {
    carried = JSON.parse(readFileSync(join(nodeHome, 'config', 'genesis.json'), 'utf8'));
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: 'cometbft/config/genesis.json' }, cause);
  }
  const state: unknown = Reflect.get(Object(carried), 'app_state');
  if (JSON.stringify(state) !== appStateOf(genesisBytes, handover)) {
    throw new CodedError('GENESIS_WRONG', { what: 'genesis' });
  }
}

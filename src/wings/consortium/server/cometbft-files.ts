import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { validatorAddress } from '../../../ledger/chain/validators.ts';
import { type Genesis, parseGenesis } from '../../../ledger/genesis.ts';
import { base64urlToBytes, bytesToHex, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { makeFolder, writeWhole } from '../../../server/files.ts';
import { serversOf } from '../../../server/process.ts';
import type { Ports } from './member.ts';

/** The home of CometBFT (v0.38) below that of a hospital. */
export const cometbftHome = (home: string): string => join(serversOf(home), 'cometbft');

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const json = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, undefined, 2)}\n`);
const typed = (value: Uint8Array) => ({ type: 'tendermint/PubKeyEd25519', value: base64(value) });

interface RawKey {
  readonly publicKey: Uint8Array;
  /** CometBFT's form: seed and public key. */
  readonly secret: Uint8Array;
}

function rawKey(): RawKey {
  const { privateKey }: { privateKey: KeyObject } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const [seed, publicKey] = [base64urlToBytes(d), base64urlToBytes(x)];
  if (seed === undefined || publicKey === undefined) throw new CodedError('INTERNAL');
  return { publicKey, secret: Buffer.concat([seed, publicKey]) };
}

const keyFile = z.looseObject({
  priv_key: z.looseObject({ value: z.base64() }),
});

/** The public half of a key file. Throws KEY_FILE_INVALID. */
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

/** What the others know of a machine: the key that orders blocks, and the id of its node. */
export interface NodeKeys {
  readonly validator: Uint8Array;
  /** First 20 bytes of SHA-256 over the node's key, hex. */
  readonly nodeId: string;
}

/** The machine's two keys, made on first use, readable by their owner alone; and that nothing was signed yet. */
export function nodeKeys(home: string): NodeKeys {
  const folder = cometbftHome(home);
  const paths = {
    validator: join(folder, 'config', 'priv_validator_key.json'),
    node: join(folder, 'config', 'node_key.json'),
    state: join(folder, 'data', 'priv_validator_state.json'),
  };
  makeFolder(join(folder, 'config'));
  makeFolder(join(folder, 'data'));
  if (!existsSync(paths.validator)) {
    writeWhole(paths.state, json({ height: '0', round: 0, step: 0 }), 0o600);
    writeWhole(paths.validator, validatorFile(rawKey()), 0o600);
  }
  if (!existsSync(paths.node)) {
    const { secret } = rawKey();
    const key = { type: 'tendermint/PrivKeyEd25519', value: base64(secret) };
    writeWhole(paths.node, json({ priv_key: key }), 0o600);
  }
  const nodeId = bytesToHex(validatorAddress(publicKeyIn(paths.node)));
  return { validator: publicKeyIn(paths.validator), nodeId };
}

function validatorFile({ publicKey, secret }: RawKey): Uint8Array {
  return json({
    address: bytesToHex(validatorAddress(publicKey)).toUpperCase(),
    pub_key: typed(publicKey),
    priv_key: { type: 'tendermint/PrivKeyEd25519', value: base64(secret) },
  });
}

const dayNs = 86_400n * 1_000_000_000n;

/** CometBFT's genesis for ours: the same chain, time and validators, and ours inside as it travels. */
export function cometbftGenesis(genesisBytes: Uint8Array): Uint8Array {
  const genesis: Genesis = parseGenesis(genesisBytes);
  return json({
    genesis_time: new Date(genesis.timeMs).toISOString(),
    chain_id: genesis.chainId,
    initial_height: '1',
    consensus_params: {
      block: { max_bytes: String(genesis.limits.maxBlockBytes), max_gas: '-1' },
      evidence: {
        // 14 days of heartbeats: evidence is too old when it is so by both.
        max_age_num_blocks: '4032',
        max_age_duration: String(14n * dayNs),
        max_bytes: '131072',
      },
      validator: { pub_key_types: ['ed25519'] },
      version: { app: '1' },
      abci: { vote_extensions_enable_height: '0' },
    },
    validators: genesis.validators.map(({ publicKey, power }, at) => ({
      address: bytesToHex(validatorAddress(publicKey)).toUpperCase(),
      pub_key: typed(publicKey),
      power: String(power),
      name: genesis.organisations[at]?.name ?? '',
    })),
    app_hash: '',
    app_state: { genesis: base64(genesisBytes) },
  });
}

/** One machine of the network, as the others reach it. */
interface Machine {
  readonly name: string;
  readonly host: string;
  readonly ports: Ports;
  readonly nodeId: string;
}

/** Settings for a private consortium; what is not here is CometBFT's default. */
export function cometbftConfig(own: Machine, others: readonly Machine[]): Uint8Array {
  const { ports } = own;
  const peers = others.map(({ nodeId, host, ports: at }) => `${nodeId}@${hostPort(host, at)}`);
  return utf8(`# Written by salus consortium; CometBFT v0.38. Paths are below the folder that salus up runs it in.
proxy_app = "unix://run/app.sock"
abci = "socket"
moniker = "${own.name}"
db_backend = "goleveldb"
# The app says which nodes may connect.
filter_peers = true

[rpc]
# For this machine alone: never public on a validator.
laddr = "tcp://127.0.0.1:${ports.rpc}"
timeout_broadcast_tx_commit = "10s"

[p2p]
laddr = "tcp://0.0.0.0:${ports.p2p}"
external_address = "${hostPort(own.host, ports)}"
persistent_peers = "${peers.join(',')}"
unconditional_peer_ids = "${others.map(({ nodeId }) => nodeId).join(',')}"
# No gossip of addresses, no seeds: members know each other.
pex = false
addr_book_strict = false
allow_duplicate_ip = true

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
timeout_commit = "500ms"
create_empty_blocks = false
# A heartbeat, so that clients can bound how old a state is.
create_empty_blocks_interval = "300s"
# With another value a machine that signed one of so many last blocks does not start again: on a quiet ledger for an
# hour, and after all were stopped never. Two machines with one key are found by evidence (governance.md GV-10).
double_sign_check_height = 0

[tx_index]
indexer = "null"
`);
}

const hostPort = (host: string, { p2p }: Ports): string =>
  host.includes(':') ? `[${host}]:${p2p}` : `${host}:${p2p}`;

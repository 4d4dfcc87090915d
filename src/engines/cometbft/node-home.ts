import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { validatorAddress } from '../../ledger/chain/validators.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { bytesToHex, concatBytes } from '../../primitives/bytes.ts';
import { appStateOf } from './app-state.ts';

/**
 * The files that a CometBFT node of a consortium begins with: its keys, the common genesis, its settings.
 * Source: CometBFT v0.38, docs/core/configuration; docs/protocol/cometbft.md, rules CB-3 and CB-10.
 */
export interface NodePeer {
  /** 40 hex digits: what its transport key hashes to. */
  readonly nodeId: string;
  /** Host and port of its p2p door. */
  readonly address: string;
}

export interface NodeSettings {
  /** Where its peers find it, such as 0.0.0.0:26656. */
  readonly p2pAddress: string;
  /** For this machine alone, such as 127.0.0.1:26657. */
  readonly rpcAddress: string;
  readonly peers: readonly NodePeer[];
  /** Shown to peers. */
  readonly moniker: string;
}

/** An Ed25519 key as CometBFT keeps it. */
export interface NodeKey {
  readonly publicKey: Uint8Array;
  /** Seed, then public key. */
  readonly secret: Uint8Array;
}

export function makeNodeKey(): NodeKey {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const publicKey = new Uint8Array(Buffer.from(x, 'base64url'));
  return { publicKey, secret: concatBytes(Buffer.from(d, 'base64url'), publicKey) };
}

export const nodeIdOf = ({ publicKey }: Pick<NodeKey, 'publicKey'>): string =>
  bytesToHex(validatorAddress(publicKey));

/**
 * Writes the home of a node that never ran. `validatorKey` signs blocks, `transportKey` is who it is to its peers. What
 * lies there already is not replaced: `data/` says what this validator signed last, and to begin anew would sign twice.
 */
export function writeNodeHome(
  home: string,
  of: {
    readonly genesis: Genesis;
    readonly genesisBytes: Uint8Array;
    readonly validatorKey: NodeKey;
    readonly transportKey: NodeKey;
    readonly settings: NodeSettings;
  },
): void {
  for (const folder of ['config', 'data']) {
    mkdirSync(join(home, folder), { recursive: true, mode: 0o700 });
  }
  const write = (path: string, value: unknown) =>
    writeFileSync(join(home, path), typeof value === 'string' ? value : `${json(value)}\n`, {
      ...{ mode: 0o600, flag: 'wx' },
    });
  write('config/genesis.json', cometGenesis(of.genesis, of.genesisBytes));
  write('config/config.toml', configToml(of.settings));
  write('config/node_key.json', { priv_key: privateKeyJson(of.transportKey) });
  write('config/priv_validator_key.json', {
    address: bytesToHex(validatorAddress(of.validatorKey.publicKey)).toUpperCase(),
    pub_key: publicKeyJson(of.validatorKey.publicKey),
    priv_key: privateKeyJson(of.validatorKey),
  });
  write('data/priv_validator_state.json', { height: '0', round: 0, step: 0 });
}

const json = (value: unknown): string => JSON.stringify(value, undefined, 2);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const publicKeyJson = (key: Uint8Array) => ({
  ...{ type: 'tendermint/PubKeyEd25519', value: base64(key) },
});
const privateKeyJson = ({ secret }: NodeKey) => ({
  ...{ type: 'tendermint/PrivKeyEd25519', value: base64(secret) },
});

/** CometBFT's own genesis: the same bytes at every member. */
export function cometGenesis(genesis: Genesis, genesisBytes: Uint8Array): object {
  const fortnightNs = 14 * 24 * 3_600 * 1_000_000_000;
  return {
    genesis_time: new Date(genesis.timeMs).toISOString(),
    chain_id: genesis.chainId,
    initial_height: '1',
    consensus_params: {
      block: { max_bytes: String(genesis.limits.maxBlockBytes), max_gas: '-1' },
      evidence: {
        max_age_num_blocks: '100000',
        max_age_duration: String(fortnightNs),
        max_bytes: '65536',
      },
      validator: { pub_key_types: ['ed25519'] },
      version: { app: '1' },
      abci: { vote_extensions_enable_height: '0' },
    },
    validators: genesis.validators.map(({ publicKey, power }) => ({
      address: bytesToHex(validatorAddress(publicKey)).toUpperCase(),
      pub_key: publicKeyJson(publicKey),
      power: String(power),
      name: '',
    })),
    app_hash: '',
    app_state: JSON.parse(appStateOf(genesisBytes)) as unknown,
  };
}

/** A closed network: listed peers, no gossip of addresses, the door for questions on this machine alone. */
export function configToml({ p2pAddress, rpcAddress, peers, moniker }: NodeSettings): string {
  const persistent = peers.map(({ nodeId, address }) => `${nodeId}@${address}`).join(',');
  return `moniker = ${JSON.stringify(moniker)}
abci = "socket"
db_backend = "goleveldb"
filter_peers = true
log_level = "error"

[rpc]
laddr = "tcp://${rpcAddress}"
timeout_broadcast_tx_commit = "10s"

[p2p]
laddr = "tcp://${p2pAddress}"
persistent_peers = "${persistent}"
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
timeout_commit = "500ms"
create_empty_blocks = false
create_empty_blocks_interval = "300s"
double_sign_check_height = 0
peer_gossip_sleep_duration = "10ms"

[tx_index]
indexer = "null"
`;
}

import { fileURLToPath } from 'node:url';
import { serverWings } from '../wings/server.ts';
import { checkFollower } from './follower/check.ts';
import { isFounded } from './home-members.ts';
import { checkMember } from './member/check.ts';
import type { Process, ServerWing, Service } from './process.ts';
import { storageNodeFlags } from './storage/node-flags.ts';
import { isNetworked } from './storage/settings.ts';

/** The ledger of a home: the state beside the blocks is made again from them. */
const ledger: Service = {
  name: 'ledger',
  per: 'home',
  keeps: {
    databases: ['ledger/blocks.db', 'ledger/validators.db'],
    plain: [
      ...['genesis.cbor', 'home.json', 'members.json', 'network.json', 'tls/members.pem'],
      // Whom it follows, and by what it was handed over: without them it is another kind of home.
      ...['follow.json', 'handover.json'],
      ...['cometbft/config/genesis.json', 'cometbft/config/config.toml'],
    ],
    // Of a node on CometBFT its name alone. Neither what it signed last nor the key that orders blocks: a copy of the one
    // without the newest of the other signs twice (backup.md, K-13).
    keys: ['ledger/validator.key', 'cometbft/config/node_key.json'],
  },
  check: async (home) =>
    isFounded(home) ? [...(await checkMember(home)), ...(await checkFollower(home))] : [],
};

/** The gateway of each hospital, with its store of sealed bodies: a large one is a file of its id. */
const gateway: Service = {
  name: 'gateway',
  per: 'hospital',
  keeps: {
    databases: ['gateway.db', 'blobs/blobs.sqlite'],
    folders: [
      {
        path: 'blobs/files',
        database: 'blobs/blobs.sqlite',
        namesQuery: 'SELECT id FROM blobs WHERE content IS NULL',
      },
    ],
    keys: ['organisation.key', 'desk.token', 'rows.key'],
  },
};

/** The storage node of a hospital that is in a storage network; what it holds for others is brought again. */
const storage: Process = {
  name: 'storage',
  per: 'hospital',
  entry: fileURLToPath(new URL('./storage-process.ts', import.meta.url)),
  nodeFlags: storageNodeFlags,
  runsFor: isNetworked,
  keeps: {
    databases: ['storage/network.sqlite'],
    plain: ['storage/settings.json', 'storage/members.json'],
    keys: ['storage/storage.key', 'storage/swarm.key'],
  },
};

/** Looks at all that the servers keep, over and over. */
const scrub: Process = {
  name: 'scrub',
  per: 'home',
  entry: fileURLToPath(new URL('./scrub-process.ts', import.meta.url)),
  keeps: {},
};

const wings: readonly ServerWing[] = serverWings;

/** What a wing tells its own handlers of the machine of this home; undefined: nothing. Throws what the wing throws. */
export async function machineOf(home: string, wing: string): Promise<unknown> {
  return wings.find(({ name }) => name === wing)?.machine?.(home);
}

/** What the wings bring to the demonstration in a home whose servers run. Throws what a wing throws. */
export async function foundDemo(home: string, signal: AbortSignal): Promise<void> {
  for (const { demo } of wings) await demo?.(home, signal);
}

/** What a wing shares between its parts in the gateway of this hospital and its own processes. Throws HOME_INVALID. */
export function wingKeyOf(hospitalFolder: string, wing: string): Uint8Array | undefined {
  return wings.find(({ name }) => name === wing)?.gatewayKey?.(hospitalFolder);
}

/** What runs beside the gateways of a home, in the order in which it starts: the storage nodes, and what the wings bring. */
export const homeProcesses: readonly Process[] = [
  storage,
  ...wings.flatMap((wing) => wing.processes),
  scrub,
];

/** All that works in a home: backup, restore and verification go by what these keep. */
export const services: readonly Service[] = [ledger, gateway, ...homeProcesses];

// A storage node for `bench storage`, as a process: `node storage-node.ts SETTINGS`. Prints its address when it listens, and
// follows its members file; it ends with its stdin.
import { join } from 'node:path';
import { parseAccountId } from '../src/primitives/ids.ts';
import { watchMembers } from '../src/storage/ipfs/members-file.ts';
import { openStorageNode } from '../src/storage/ipfs/open.ts';
import { serveStore } from '../src/storage/socket/store-server.ts';

export interface BenchNodeSettings {
  readonly folder: string;
  readonly account: string;
  /** Hex. */
  readonly seed: string;
  readonly swarmKey: string;
  readonly members: string;
  readonly copies: number;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as BenchNodeSettings;
const { folder, account, seed, swarmKey, members, copies } = settings;
const node = await openStorageNode({
  ownFolder: join(folder, 'blobs'),
  folder: join(folder, 'storage'),
  account: parseAccountId(account),
  seed: Buffer.from(seed, 'hex'),
  swarmKey: Buffer.from(swarmKey),
  listen: ['/ip4/127.0.0.1/tcp/0'],
  members: watchMembers(members, { now: Date.now, everyMs: 50 }),
  now: Date.now,
  ...{ copies, patienceMs: 120_000 },
});
const server = await serveStore(join(folder, 'storage.sock'), node.store, { status: node.status });
process.stdout.write(`${node.node.addresses[0] ?? ''}\n`);
process.stdin.resume().on('end', () => {
  void server
    .close()
    .then(() => node.close())
    .then(() => process.exit(0));
});

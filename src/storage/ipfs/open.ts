import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { signingKeyFromSeed } from '../../crypto/signature.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { RowGuard, UnboundRow } from '../../primitives/row-guard.ts';
import type { Amount, BlobOwner, BlobStore } from '../blob-store.ts';
import { openFileBlobStore } from '../file/file-blob-store.ts';
import { ByKey } from './by-key.ts';
import { serveErasures } from './erase.ts';
import { type Disk, diskOf, HeldRoom } from './held-room.ts';
import type { Here } from './here.ts';
import { IpfsBlobStore } from './ipfs-blob-store.ts';
import { KeptBlocks } from './kept-blocks.ts';
import type { StorageMembers } from './members.ts';
import { NetworkRows, type Report } from './network-rows.ts';
import { type NodeOptions, SwarmNode } from './node.ts';
import { servePins } from './pin.ts';
import { servePossession } from './possess.ts';
import { Replication, type ReplicationOptions, type Swept } from './replication.ts';

export interface StorageNodeOptions
  extends ReplicationOptions,
    Pick<NodeOptions, 'seed' | 'swarmKey' | 'listen' | 'mended' | 'pingEveryMs'> {
  /** The store of this hospital as it is without a network: `blobs`. */
  readonly ownFolder: string;
  /** What the network adds: `storage`. */
  readonly folder: string;
  readonly account: AccountId;
  readonly members: StorageMembers;
  readonly now: () => number;
  readonly quotaBytesOf?: (owner: BlobOwner) => number;
  readonly uploadsOf?: (owner: BlobOwner) => number;
  readonly maxUploads?: number;
  /** What is kept for one other member; 4 TiB. */
  readonly heldBytesOf?: (member: AccountId) => number;
  /** Binds the rows of `network.sqlite`; missing: nothing does. */
  readonly guard?: RowGuard<DatabaseSync>;
  /** Of a row there that is not as it was written. */
  readonly onUnbound?: (wrong: UnboundRow) => void;
  /** The one on which this hospital writes; tests say how full it is. */
  readonly disk?: () => Disk;
}

/** What an operator sees. */
export interface StorageStatus {
  readonly account: AccountId;
  readonly peerId: string;
  readonly addresses: readonly string[];
  readonly own: Amount;
  readonly held: Amount;
  readonly swept: Swept | undefined;
  readonly members: readonly MemberStatus[];
  /** Newest first. */
  readonly reports: readonly Report[];
}

export interface MemberStatus {
  readonly account: AccountId;
  readonly isConnected: boolean;
  readonly lastHeardMs: number | undefined;
  /** Blobs of ours that it has, and that it had and lost. */
  readonly pinned: number;
  readonly lost: number;
  readonly erasuresWaiting: number;
  /** What we keep for it. */
  readonly heldBytes: number;
}

/** A running storage node: the store for the gateway, and the duties that somebody must call from time to time. */
export interface StorageNode {
  readonly store: BlobStore;
  readonly node: SwarmNode;
  readonly replication: Replication;
  /** Its inside, for tests. */
  readonly here: Here;
  status(): Promise<StorageStatus>;
  close(): Promise<void>;
}

const defaultHeldBytes = 4 * 1024 ** 4;
const reportsShown = 20;
/** Of one custodian at the same time: two questions, in each so many small ones at once. */
const heldUploads = 64;

/**
 * Opens the stores, joins the network and serves its protocols.
 * Throws SWARM_KEY_INVALID, STORAGE_MEMBERS_INVALID (this node is not listed with its key), and as `openFileBlobStore`.
 */
export async function openStorageNode(options: StorageNodeOptions): Promise<StorageNode> {
  const { seed, members, account, folder, now, heldBytesOf = () => defaultHeldBytes } = options;
  const key = await signingKeyFromSeed(seed);
  const self = members.list().find((it) => it.account === account);
  if (self === undefined || !equalBytes(self.storageKey, key.publicKey)) {
    throw new CodedError('STORAGE_MEMBERS_INVALID', { account });
  }
  const running = new AsyncDisposableStack();
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { ownFolder, quotaBytesOf, uploadsOf, maxUploads } = options;
    const own = openFileBlobStore({
      folder: ownFolder,
      now,
      ...(quotaBytesOf && { quotaBytesOf }),
      ...(uploadsOf && { uploadsOf }),
      ...(maxUploads !== undefined && { maxUploads }),
    });
    running.defer(() => own.close());
    const held = openFileBlobStore({
      folder: join(folder, 'held'),
      now,
      quotaBytesOf: (owner) => heldBytesOf(owner as AccountId),
      uploadsOf: () => heldUploads,
      maxUploads: 4 * heldUploads,
    });
    running.defer(() => held.close());
    const rows = new NetworkRows(join(folder, 'network.sqlite'), options.guard, options.onUnbound);
    running.defer(() => rows.close());
    const blocks = new KeptBlocks([own, held], rows);
    const node = await SwarmNode.open({ ...options, blocks });
    running.defer(() => node.stop());
    const here: Here = {
      account,
      key,
      members,
      node,
      rows,
      own,
      held,
      heldRoom: new HeldRoom(options.disk ?? (() => diskOf(folder))),
      blocks,
      turns: new ByKey(),
      now,
    };
    await servePins(here);
    await servePossession(here);
    await serveErasures(here);
    const replication = new Replication(here, options);
    await node.start();
    running.defer(() => replication.close());
    const close = () => running.disposeAsync();
    const store = new IpfsBlobStore(here, replication, close);
    return { store, node, replication, here, close, status: () => statusOf(here, replication) };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

async function statusOf(here: Here, replication: Replication): Promise<StorageStatus> {
  const { account, node, own, held, rows, members } = here;
  const connected = new Set(node.connected);
  const others = members.list().filter((it) => it.account !== account);
  return {
    account,
    peerId: node.peerId.toString(),
    addresses: node.addresses,
    own: await own.total(),
    held: await held.total(),
    swept: replication.swept,
    members: await Promise.all(
      others.map(async (member) => ({
        account: member.account,
        isConnected: connected.has(member.account),
        lastHeardMs: replication.lastHeardMs(member.account),
        ...rows.counts(member.account),
        erasuresWaiting: rows.erasuresWaiting(member.account),
        heldBytes: (await held.usage(member.account)).bytes,
      })),
    ),
    reports: rows.reports(reportsShown),
  };
}

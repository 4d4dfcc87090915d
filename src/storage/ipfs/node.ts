import { identify } from '@libp2p/identify';
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { Bitswap, type Blocks } from './bitswap.ts';
import type { Mended } from './bitswap-mended.ts';
import type { StorageMember, StorageMembers } from './members.ts';
import { peerIdOfKey, peerKeyFromSeed } from './peer-key.ts';
import { type PnetMended, swarmProtector } from './pnet.ts';
import { parseSwarmKey } from './swarm-key.ts';

/** What is mended of the libraries; only tests leave something out, to see that it is still needed. */
export interface NodeMended extends Mended, PnetMended {
  /** A ping that waits behind a full queue does not end the connection. */
  readonly patientPings: boolean;
}

const allMended: NodeMended = {
  answersAgain: true,
  servesInTurns: true,
  updates: true,
  ciphers: true,
  patientPings: true,
};

export interface NodeOptions {
  /** 32 bytes: the storage key of this member. */
  readonly seed: Uint8Array;
  /** The file `swarm.key`. */
  readonly swarmKey: Uint8Array;
  /** Where it listens: `/ip4/0.0.0.0/tcp/4001`. */
  readonly listen: readonly string[];
  readonly members: StorageMembers;
  readonly blocks: Blocks;
  readonly mended?: Partial<NodeMended>;
  /** Between two pings of a connection (10 s). */
  readonly pingEveryMs?: number;
}

/** Answers one question on a stream, from a member. */
export type Handler = (stream: Stream, from: StorageMember) => Promise<void>;

/** How many new connections a second one address may make: the hospitals of a test share one. */
const connectionsASecond = 20;

/**
 * A node of the private network: TCP, swarm key, Noise, yamux, identify and bitswap, nothing else. It talks to the members
 * that are listed and to nobody else. Source: docs/protocol/storage-network.md, SN-1 to SN-4.
 */
export class SwarmNode {
  readonly #libp2p: Libp2p;
  readonly #members: StorageMembers;
  readonly #directory: Directory;
  readonly #stopTold: () => void;
  readonly bitswap: Bitswap;

  private constructor(
    libp2p: Libp2p,
    bitswap: Bitswap,
    known: { readonly members: StorageMembers; readonly directory: Directory },
  ) {
    const { members, directory } = known;
    this.#libp2p = libp2p;
    this.#members = members;
    this.#directory = directory;
    this.bitswap = bitswap;
    this.#stopTold = members.onChange(() => void this.#follow());
  }

  /**
   * Not yet listening: protocols are registered first, then `start`.
   * Throws SWARM_KEY_INVALID.
   */
  static async open(options: NodeOptions): Promise<SwarmNode> {
    const { members, blocks } = options;
    const mended = { ...allMended, ...options.mended };
    const directory = new Directory(members);
    const libp2p = await privateLibp2p(options, directory, mended);
    const bitswap = await Bitswap.open({ libp2p, blocks, mended });
    return new SwarmNode(libp2p, bitswap, { members, directory });
  }

  get peerId(): PeerId {
    return this.#libp2p.peerId;
  }

  /** Where it listens, with its peer id. */
  get addresses(): readonly string[] {
    return this.#libp2p.getMultiaddrs().map(String);
  }

  /** Members that are connected now. */
  get connected(): readonly AccountId[] {
    const peers = new Set(this.#libp2p.getPeers().map(String));
    return this.#members
      .list()
      .filter(({ storageKey }) => peers.has(peerIdOfKey(storageKey).toString()))
      .map(({ account }) => account);
  }

  /** Whoever is connected that is no member: for tests. */
  get strangers(): number {
    return this.#libp2p.getPeers().filter((peer) => this.#directory.memberOf(peer) === undefined)
      .length;
  }

  /** Told of each member that a connection with comes about. Returns how to stop it. */
  onConnect(told: (account: AccountId) => void): () => void {
    const heard = ({ detail }: { readonly detail: PeerId }) => {
      const member = this.#directory.memberOf(detail);
      if (member !== undefined) told(member.account);
    };
    this.#libp2p.addEventListener('peer:connect', heard);
    return () => this.#libp2p.removeEventListener('peer:connect', heard);
  }

  /** `protocol`: `/salus/pin/1`. What a handler throws ends its stream and nothing else. */
  async handle(protocol: string, handler: Handler): Promise<void> {
    await this.#libp2p.handle(protocol, async (stream: Stream, connection: Connection) => {
      const from = this.#directory.memberOf(connection.remotePeer);
      if (from === undefined) {
        stream.abort(new CodedError('PIN_REFUSED'));
        return;
      }
      try {
        await handler(stream, from);
      } catch (error) {
        stream.abort(error instanceof Error ? error : new CodedError('INTERNAL'));
      }
    });
  }

  async start(): Promise<void> {
    await this.#libp2p.start();
    await this.#follow();
  }

  /** A stream to a member, which is dialled if need be. Throws HOLDER_SILENT. */
  async stream(
    { account, storageKey }: StorageMember,
    protocol: string,
    signal: AbortSignal,
  ): Promise<Stream> {
    try {
      return await this.#libp2p.dialProtocol(peerIdOfKey(storageKey), protocol, { signal });
    } catch (cause) {
      throw new CodedError('HOLDER_SILENT', { account }, cause);
    }
  }

  async stop(): Promise<void> {
    this.#stopTold();
    await this.bitswap.stop();
    await this.#libp2p.stop();
  }

  /** Knows where members are, connects to them and stays so, and lets go whoever is none. */
  async #follow(): Promise<void> {
    const listed = new Set<string>();
    for (const { storageKey, addresses } of this.#members.list()) {
      const peer = peerIdOfKey(storageKey);
      listed.add(peer.toString());
      if (peer.equals(this.#libp2p.peerId)) continue;
      // Bitswap dials by peer id alone; with the tag libp2p connects again by itself.
      await this.#libp2p.peerStore.patch(peer, {
        multiaddrs: addresses.map((it) => multiaddr(it)),
        tags: { 'keep-alive-member': { value: 100 } },
      });
      // So that a member that comes back is heard of by those who have something for it. Who is away is dialled when needed.
      if (addresses.length > 0) this.#libp2p.dial(peer).catch(() => {});
    }
    for (const connection of this.#libp2p.getConnections()) {
      if (listed.has(connection.remotePeer.toString())) continue;
      await this.#libp2p.peerStore.delete(connection.remotePeer);
      connection.abort(new CodedError('PIN_REFUSED'));
    }
  }
}

function privateLibp2p(
  options: NodeOptions,
  directory: Directory,
  mended: NodeMended,
): Promise<Libp2p> {
  const { seed, swarmKey, listen, pingEveryMs = 10_000 } = options;
  const denied = (peer: PeerId) => directory.memberOf(peer) === undefined;
  return peerKeyFromSeed(seed).then((privateKey) =>
    createLibp2p({
      // Listens once bitswap is registered: who came earlier would never learn that it is spoken.
      start: false,
      privateKey,
      addresses: { listen: [...listen] },
      transports: [tcp()],
      connectionProtector: swarmProtector(parseSwarmKey(swarmKey), mended),
      connectionEncrypters: [noise()],
      // A transfer that begins with the connection opens a stream for each want at once: past ten the library ends it.
      streamMuxers: [yamux({ maxEarlyStreams: 1_000 })],
      services: { identify: identify() },
      connectionManager: {
        reconnectRetries: Number.POSITIVE_INFINITY,
        inboundConnectionThreshold: connectionsASecond,
      },
      // A ping behind a queue of ten seconds fails on a slow line: the connection would die of its own load.
      connectionMonitor: {
        pingInterval: pingEveryMs,
        ...(mended.patientPings && { abortConnectionOnPingFailure: false }),
      },
      connectionGater: {
        denyDialPeer: denied,
        denyInboundEncryptedConnection: denied,
        denyOutboundEncryptedConnection: denied,
      },
    }),
  );
}

/** Who is behind a peer id; the id of each key is computed once. */
class Directory {
  readonly #members: StorageMembers;
  readonly #names = new Map<string, string>();

  constructor(members: StorageMembers) {
    this.#members = members;
  }

  /** Undefined: no member. */
  memberOf(peer: PeerId): StorageMember | undefined {
    const name = peer.toString();
    return this.#members.list().find(({ storageKey }) => this.#nameOf(storageKey) === name);
  }

  #nameOf(storageKey: Uint8Array): string {
    const key = bytesToHex(storageKey);
    const name = this.#names.get(key) ?? peerIdOfKey(storageKey).toString();
    this.#names.set(key, name);
    return name;
  }
}

import type { PeerId } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';

/**
 * The parts of `@helia/bitswap` 4.0.19 that we reach into, as they are: its types call them private. A new version is
 * read against this file first.
 */
export interface BitswapLists {
  readonly peerWantLists: PeerWantLists;
  readonly wantList: WantList;
  readonly network: Network;
}

/** What peers want of us. */
export interface PeerWantLists {
  readonly ledgerMap: { get(peer: PeerId): PeerLedger | undefined };
  receiveMessage(peer: PeerId, message: WantMessage): void;
}

/** One peer's wants. */
export interface PeerLedger {
  readonly wants: Map<string, { readonly status: 'want' | 'sending' | 'sent' }>;
  readonly sendQueue: {
    add(...args: unknown[]): Promise<unknown>;
    onIdle(): Promise<void>;
  };
}

export interface WantMessage {
  readonly wantlist?: { readonly full?: boolean; readonly entries: readonly WantEntry[] };
  readonly blocks: readonly unknown[];
  readonly blockPresences: readonly unknown[];
}

export interface WantEntry {
  readonly cid: Uint8Array;
  readonly cancel?: boolean;
}

/** Of a message that is being put together: by the key of a block. */
export interface OutgoingMessage {
  readonly wantlist: Map<string, unknown>;
  readonly blocks: ReadonlyMap<string, unknown>;
  readonly blockPresences: ReadonlyMap<string, unknown>;
}

/** How messages leave. */
export interface Network {
  sendMessage(peer: PeerId, message: OutgoingMessage, options?: unknown): Promise<void>;
}

/** What we want of others. */
export interface WantList {
  readonly wants: Map<string, { readonly cancel: boolean }>;
  readonly peers: { values(): Iterable<Set<string>> };
  wantBlock(cid: CID, options: { readonly signal?: AbortSignal }): Promise<unknown>;
  wantSessionBlock(
    cid: CID,
    peer: PeerId,
    options: { readonly signal?: AbortSignal },
  ): Promise<unknown>;
  wantSessionPresence(
    cid: CID,
    peer: PeerId,
    options: { readonly signal?: AbortSignal },
  ): Promise<{ readonly has: boolean }>;
  addEventListener(type: 'presence', told: (event: { readonly detail: BlockHeard }) => void): void;
}

export interface BlockHeard {
  readonly sender: PeerId;
  readonly cid: CID;
  readonly has: boolean;
  readonly block?: Uint8Array;
}

/** How the library names a block in its maps: base64 of the multihash, without padding. */
export function keyOf(cid: CID): string {
  return Buffer.from(cid.multihash.bytes).toString('base64').replace(/=+$/, '');
}

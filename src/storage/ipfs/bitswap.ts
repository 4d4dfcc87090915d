import { withBitswap } from '@helia/bitswap';
import type { Libp2p, PeerId } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';
import { sha256 } from 'multiformats/hashes/sha2';
import { type BitswapLists, type BlockHeard, keyOf } from './bitswap-inside.ts';
import { lanesAtOnce, type Mended, mendBitswap } from './bitswap-mended.ts';

/** What a node can give: `get` is asked only for what it `has`. */
export interface Blocks {
  has(cid: CID): Promise<boolean>;
  get(cid: CID): AsyncIterable<Uint8Array>;
}

/** What a peer said to a want: the block, that it has none, or that it has it and no block. */
export type Answer =
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  | { readonly kind: 'has' }
  | { readonly kind: 'has-not' };

export interface BitswapOptions {
  readonly libp2p: Libp2p;
  readonly blocks: Blocks;
  readonly mended: Mended;
}

/**
 * Bitswap with wants that go to one peer each: no broadcast, no session that gives peers up for good. What a peer sends is
 * hashed by the library: a block heard under an id is the block of that id.
 */
export class Bitswap {
  readonly #broker: Broker;
  readonly #waiting = new Map<string, Set<(heard: BlockHeard) => void>>();

  private constructor(broker: Broker) {
    this.#broker = broker;
    broker.bitswap.wantList.addEventListener('presence', ({ detail }) => {
      const waiting = this.#waiting.get(`${detail.sender.toString()} ${keyOf(detail.cid)}`);
      for (const heard of waiting ?? []) heard(detail);
    });
  }

  /** Call before libp2p starts: who connects earlier would not learn that bitswap is spoken. */
  static async open({ libp2p, blocks, mended }: BitswapOptions): Promise<Bitswap> {
    const broker = await brokerOf(libp2p, blocks);
    mendBitswap(broker.bitswap, mended);
    return new Bitswap(broker);
  }

  /** The library's own lists, for tests of its faults. */
  get inside(): BitswapLists {
    return this.#broker.bitswap;
  }

  /** Throws what dialling throws, and the signal's reason: a peer that is silent is waited for until then. */
  async want(cid: CID, peer: PeerId, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const key = `${peer.toString()} ${keyOf(cid)}`;
    let resolve: (heard: BlockHeard) => void = () => {};
    let reject: (reason: unknown) => void = () => {};
    const promise = new Promise<BlockHeard>((heard, failed) => {
      resolve = heard;
      reject = failed;
    });
    const abort = () => reject(signal.reason);
    const waiting = this.#waiting.get(key) ?? new Set();
    // Before it is asked: the answer may come while the question is still being closed.
    this.#waiting.set(key, waiting.add(resolve));
    signal.addEventListener('abort', abort, { once: true });
    try {
      this.#broker.bitswap.wantList.wantSessionBlock(cid, peer, { signal }).catch(reject);
      const { has, block } = await promise;
      if (block !== undefined) return { kind: 'block', bytes: block };
      return { kind: has ? 'has' : 'has-not' };
    } finally {
      signal.removeEventListener('abort', abort);
      waiting.delete(resolve);
      if (waiting.size === 0) this.#waiting.delete(key);
    }
  }

  stop(): Promise<void> {
    return this.#broker.stop();
  }
}

/** What `@helia/bitswap` keeps to itself. */
interface Broker {
  readonly bitswap: BitswapLists;
  stop(): Promise<void>;
}

/** `@helia/bitswap` exports only a mixin for Helia; this is the little of Helia that it needs. */
async function brokerOf(libp2p: Libp2p, blocks: Blocks): Promise<Broker> {
  let broker: Broker | undefined;
  let mixin: { start(host: unknown): Promise<void> } | undefined;
  const host = {
    libp2p,
    blockstore: blocks,
    logger: (libp2p as unknown as { readonly logger: unknown }).logger,
    status: 'starting',
    getHasher: async () => sha256,
    routing: { async *findProviders() {} },
    hasBlockBroker: () => broker !== undefined,
    addBlockBroker: (added: Broker) => {
      broker = added;
    },
    addMixin: (added: NonNullable<typeof mixin>) => {
      mixin = added;
    },
  };
  // Helia is a hundred methods; the library uses these.
  withBitswap(host as unknown as Parameters<typeof withBitswap>[0], {
    // As `bitswap-mended.ts` serves; the other options that would bound a peer are misspelt inside and do nothing.
    sendBlocksConcurrency: lanesAtOnce,
    messageReceiveTimeout: 60_000,
    messageSendTimeout: 60_000,
  });
  await mixin?.start(host);
  if (broker === undefined) throw new TypeError('@helia/bitswap gave no broker');
  return broker;
}

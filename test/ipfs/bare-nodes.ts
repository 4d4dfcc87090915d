import type { TestContext } from 'node:test';
import { CID } from 'multiformats/cid';
import type { BlobId } from '../../src/primitives/ids.ts';
import { blobIdOf, cidBytesOf } from '../../src/storage/blob-id.ts';
import type { Blocks } from '../../src/storage/ipfs/bitswap.ts';
import { type NodeOptions, SwarmNode } from '../../src/storage/ipfs/node.ts';
import { accountOf, type Membership, memberOf, seedOf, swarmKey } from './swarm.ts';

/** Blocks in memory, and what was done with them. */
export class MemoryBlocks implements Blocks {
  readonly #blocks = new Map<string, Uint8Array>();
  /** Reads that were begun and not yet let go on. */
  waiting = 0;
  /** What a read waits for. */
  gate: Promise<void> = Promise.resolve();

  add(bytes: Uint8Array): BlobId {
    const id = blobIdOf(bytes);
    this.#blocks.set(id, bytes);
    return id;
  }

  async has(cid: CID): Promise<boolean> {
    return this.#blocks.has(cid.toString());
  }

  async *get(cid: CID): AsyncGenerator<Uint8Array> {
    this.waiting += 1;
    await this.gate;
    yield this.#blocks.get(cid.toString()) ?? new Uint8Array(0);
  }
}

export const cidOf = (id: BlobId): CID => CID.decode(cidBytesOf(id));

export interface BareNode {
  readonly node: SwarmNode;
  readonly blocks: MemoryBlocks;
}

/** Node `n` without stores and protocols: bitswap alone. */
export async function openBare(
  t: TestContext,
  members: Membership,
  {
    n,
    blocks = new MemoryBlocks(),
    ...options
  }: { n: number; blocks?: MemoryBlocks } & Partial<NodeOptions>,
): Promise<BareNode> {
  if (!members.list().some((it) => it.account === accountOf(n))) members.put(await memberOf(n, []));
  const listen = ['/ip4/127.0.0.1/tcp/0'];
  const node = await SwarmNode.open({
    seed: seedOf(n),
    swarmKey,
    listen,
    members,
    blocks,
    ...options,
  });
  await node.start();
  t.after(() => node.stop());
  members.put(await memberOf(n, node.addresses));
  return { node, blocks };
}

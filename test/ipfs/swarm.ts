import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { sha256 } from '../../src/crypto/hash.ts';
import { signingKeyFromSeed } from '../../src/crypto/signature.ts';
import { u32be } from '../../src/primitives/bytes.ts';
import { type AccountId, accountIdOf } from '../../src/primitives/ids.ts';
import type { StorageMember, StorageMembers } from '../../src/storage/ipfs/members.ts';
import {
  openStorageNode,
  type StorageNode,
  type StorageNodeOptions,
} from '../../src/storage/ipfs/open.ts';
import { formatSwarmKey } from '../../src/storage/ipfs/swarm-key.ts';

/** A list that a test changes. */
export class Membership implements StorageMembers {
  readonly chainId = 'salus-test-1';
  #members: readonly StorageMember[] = [];
  readonly #told = new Set<() => void>();
  height = 1_000;

  list(): readonly StorageMember[] {
    return this.#members;
  }

  onChange(told: () => void): () => void {
    this.#told.add(told);
    return () => this.#told.delete(told);
  }

  newest() {
    return { height: this.height, hash: this.hashAt(this.height) };
  }

  hashAt(height: number): Uint8Array {
    return sha256(u32be(height));
  }

  set(members: readonly StorageMember[]): void {
    this.#members = members;
    for (const told of this.#told) told();
  }

  put(member: StorageMember): void {
    this.set([...this.#members.filter((it) => it.account !== member.account), member]);
  }
}

export const swarmKey = formatSwarmKey(sha256(u32be(7)));
export const seedOf = (n: number): Uint8Array => sha256(u32be(n + 1_000));
export const accountOf = (n: number): AccountId => accountIdOf(sha256(u32be(n)));

export async function memberOf(n: number, addresses: readonly string[]): Promise<StorageMember> {
  const { publicKey } = await signingKeyFromSeed(seedOf(n));
  return { account: accountOf(n), storageKey: publicKey, addresses };
}

/** Folders that go with the test. */
export function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'salus-ipfs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Where each node keeps its files. */
export const homes = new WeakMap<StorageNode, string>();

export type Opening = Partial<StorageNodeOptions>;

/** Node `n` of a swarm, listed in `members` with the address that it got; closed after the test. */
export async function openNode(
  t: TestContext,
  members: Membership,
  { n, folder, ...options }: { readonly n: number; readonly folder?: string } & Opening,
): Promise<StorageNode> {
  const home = folder ?? folderFor(t);
  members.put(
    await memberOf(n, members.list().find((it) => it.account === accountOf(n))?.addresses ?? []),
  );
  const node = await openStorageNode({
    seed: seedOf(n),
    swarmKey,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    account: accountOf(n),
    members,
    now: Date.now,
    // Longer than a busy machine makes anybody wait; tests of silence say less.
    patienceMs: 120_000,
    ...options,
    ownFolder: join(home, 'blobs'),
    folder: join(home, 'storage'),
  });
  homes.set(node, home);
  t.after(() => node.close());
  members.put(await memberOf(n, node.node.addresses));
  return node;
}

/** Nodes 0 to n-1, all listed. */
export async function openSwarm(
  t: TestContext,
  count: number,
  options: Opening = {},
): Promise<{ readonly members: Membership; readonly nodes: readonly StorageNode[] }> {
  const members = new Membership();
  const nodes: StorageNode[] = [];
  for (let n = 0; n < count; n++) nodes.push(await openNode(t, members, { n, ...options }));
  return { members, nodes };
}

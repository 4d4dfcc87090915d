import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { signingKeyFromSeed } from '../src/crypto/signature.ts';
import { bytesToHex, utf8ToText } from '../src/primitives/bytes.ts';
import { accountIdOf, type BlobId } from '../src/primitives/ids.ts';
import { storageNodeFlags } from '../src/server/storage/node-flags.ts';
import { blobIdOf } from '../src/storage/blob-id.ts';
import type { BlobStore } from '../src/storage/blob-store.ts';
import { openFileBlobStore } from '../src/storage/file/file-blob-store.ts';
import type { StorageMember } from '../src/storage/ipfs/members.ts';
import { formatMembers } from '../src/storage/ipfs/members-file.ts';
import type { StorageStatus } from '../src/storage/ipfs/open.ts';
import { formatSwarmKey } from '../src/storage/ipfs/swarm-key.ts';
import { SocketBlobStore } from '../src/storage/socket/store-client.ts';
import { type GoPeer, startGoPeer } from '../test/ipfs/go-peer.ts';
import { median, type Report } from './figures.ts';
import { cpuMsOf } from './process.ts';

const kib = 1024;
const mib = 1024 * kib;
const owner = 'account-of-bench';

/** Of each size: how often by turns, and what the figure of its get has to reach. */
const sizes = [
  { name: '4KiB', bytes: 4 * kib, rounds: 60, goal: 0 },
  { name: '1MiB', bytes: mib, rounds: 30, goal: 0 },
  { name: '256MiB', bytes: 256 * mib, rounds: 5, goal: 0.3 },
] as const;

/** Two nodes or peers, and what both ways of moving a blob cost with them, in ms. */
interface Pair {
  /** The blob is at the first; the second has it when this is done. */
  get(content: Uint8Array): Promise<number>;
  /** At both when this is done. */
  put(content: Uint8Array): Promise<number>;
  /** CPU time of both processes since they began, in ms. */
  cpuMs(): number;
  close(): Promise<void>;
}

/**
 * `storage`: put and get of small, middle and large blobs: in a file store, between two storage nodes over the private
 * network, and between two Go peers of boxo on the same bytes, by turns. A get of ours comes through the socket to this
 * process, as to a gateway; that of the Go peers ends on the other's disk.
 */
export async function benchStorage(report: Report): Promise<void> {
  const { builtGo } = await import('../scripts/go-service.mjs');
  const built = builtGo({ name: 'ipfs-peer', source: 'test/services/ipfs-peer' });
  if (built.folder === undefined) {
    process.stderr.write(`bench storage needs its peer: ${built.reason}.\n`);
    process.exitCode = 1;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'salus-bench-storage-'));
  const swarmKey = formatSwarmKey(new Uint8Array(randomBytes(32)));
  const ours = await openNodes(join(folder, 'nodes'), swarmKey);
  const theirs = await openGoPeers(join(folder, 'go'), swarmKey, built.folder);
  const files = openFiles(join(folder, 'files'));
  try {
    for (const size of sizes) await compare(report, size, { ours, theirs, files });
  } finally {
    await ours.close();
    await theirs.close();
    await files.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Compared {
  readonly ours: Pair;
  readonly theirs: Pair;
  readonly files: Pair;
}

async function compare(
  report: Report,
  { name, bytes, rounds, goal }: (typeof sizes)[number],
  { ours, theirs, files }: Compared,
): Promise<void> {
  for (const act of ['put', 'get'] as const) {
    const ms = { ours: [] as number[], theirs: [] as number[], files: [] as number[] };
    const cpu = { ours: 0, theirs: 0 };
    // One each to begin with: code is compiled, connections are made.
    for (let round = -1; round < rounds; round++) {
      const content = new Uint8Array(randomBytes(bytes));
      const [cpuOurs, cpuTheirs] = [ours.cpuMs(), theirs.cpuMs()];
      const tookOurs = await ours[act](content);
      const tookTheirs = await theirs[act](content);
      const tookFiles = await files[act](content);
      if (round < 0) continue;
      ms.ours.push(tookOurs);
      ms.theirs.push(tookTheirs);
      ms.files.push(tookFiles);
      cpu.ours += ours.cpuMs() - cpuOurs;
      cpu.theirs += theirs.cpuMs() - cpuTheirs;
    }
    const figures = { bench: 'storage', n: rounds, rounds };
    const ratio = median(ms.ours.map((it, at) => (ms.theirs[at] ?? 0) / it));
    const rate = (it: number) => bytes / 1e3 / it;
    const large = bytes >= mib;
    const shown = (it: number) => (large ? rate(it) : it);
    report({
      ...figures,
      figure: `${act}-${name}-vs-go`,
      value: shown(median(ms.ours)),
      unit: large ? 'MB/s' : 'ms',
      peer: 'a pair of Go boxo peers',
      peerValue: shown(median(ms.theirs)),
      ratio,
      goal: act === 'get' && goal > 0 ? `>= ${goal}` : 'shown',
      ok: act === 'put' || ratio >= goal,
    });
    report({
      ...figures,
      figure: `${act}-${name}-vs-file`,
      value: shown(median(ms.ours)),
      unit: large ? 'MB/s' : 'ms',
      peer: 'a file store alone',
      peerValue: shown(median(ms.files)),
      ratio: median(ms.ours.map((it, at) => (ms.files[at] ?? 0) / it)),
      goal: 'shown',
      ok: true,
    });
    if (bytes < 100 * mib) continue;
    const each = (it: number) => it / rounds / (bytes / mib);
    report({
      ...figures,
      figure: `${act}-${name}-cpu`,
      value: each(cpu.ours),
      unit: 'ms/MiB',
      peer: 'both Go peers',
      peerValue: each(cpu.theirs),
      ratio: cpu.theirs / cpu.ours,
      goal: 'shown',
      ok: true,
    });
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function readAll(store: BlobStore, id: BlobId): Promise<void> {
  for await (const _ of store.readStream(id));
}

function openFiles(folder: string): Pair {
  mkdirSync(folder, { recursive: true });
  const store = openFileBlobStore({ folder, now: Date.now });
  return {
    put: (content) => timed(() => store.put(content, { owner })),
    get: async (content) => {
      const { id } = await store.put(content, { owner });
      return timed(() => readAll(store, id));
    },
    cpuMs: () => 0,
    close: () => store.close(),
  };
}

/** Node 0 puts to itself and node 1; node 2 puts to itself alone, and node 1 gets it from there. */
async function openNodes(folder: string, swarmKey: Uint8Array): Promise<Pair> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'members.json');
  const seeds = [1, 2, 3].map((n) => new Uint8Array(32).fill(n));
  const members: StorageMember[] = await Promise.all(
    seeds.map(async (seed) => {
      const { publicKey } = await signingKeyFromSeed(seed);
      return { account: accountIdOf(publicKey), storageKey: publicKey, addresses: [] };
    }),
  );
  const write = () =>
    writeFileSync(path, formatMembers({ chainId: 'salus-bench-1', members, blocks: [] }));
  write();
  const nodes: { readonly child: ChildProcess; readonly store: SocketBlobStore }[] = [];
  for (const [at, seed] of seeds.entries()) {
    const own = join(folder, String(at));
    mkdirSync(own);
    const settings = {
      folder: own,
      account: members[at]?.account,
      seed: bytesToHex(seed),
      swarmKey: utf8ToText(swarmKey),
      members: path,
      // Of three members all hold what is kept three times: put goes to two others then, so two are enough here.
      copies: at === 2 ? 1 : 2,
    };
    const script = fileURLToPath(new URL('./storage-node.ts', import.meta.url));
    const child = spawn(process.execPath, [...storageNodeFlags, script, JSON.stringify(settings)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [address] = (await once(child.stdout, 'data')) as [Buffer];
    const member = members[at];
    if (member !== undefined) {
      members[at] = { ...member, addresses: [String(address).trim().split('/p2p/')[0] ?? ''] };
    }
    nodes.push({ child, store: new SocketBlobStore({ path: join(own, 'storage.sock') }) });
  }
  write();
  const [first, second, third] = nodes;
  if (first === undefined || second === undefined || third === undefined) throw new TypeError();
  for (const { store } of nodes) await connected(store);
  return {
    put: (content) => timed(() => first.store.put(content, { owner })),
    get: async (content) => {
      const { id } = await third.store.put(content, { owner });
      return timed(() => readAll(second.store, id));
    },
    cpuMs: () => nodes.reduce((sum, { child }) => sum + cpuMsOf(child.pid ?? 0), 0),
    close: async () => {
      for (const { child, store } of nodes) {
        await store.close();
        child.stdin?.end();
        await once(child, 'exit');
      }
    },
  };
}

async function connected(store: SocketBlobStore): Promise<void> {
  for (;;) {
    const { members } = (await store.ask('status')) as StorageStatus;
    if (members.every((it) => it.isConnected)) return;
    await wait(50);
  }
}

async function openGoPeers(folder: string, swarmKey: Uint8Array, programs: string): Promise<Pair> {
  const peers: GoPeer[] = [];
  for (const name of ['a', 'b']) {
    mkdirSync(join(folder, name), { recursive: true });
    peers.push(await startGoPeer({ programs, swarmKey, folder: join(folder, name) }));
  }
  const [first, second] = peers;
  if (first === undefined || second === undefined) throw new TypeError();
  const file = join(folder, 'file');
  const told = async (peer: GoPeer, command: Readonly<Record<string, unknown>>) => {
    const said = await peer.ask(command);
    if (said.error !== undefined) throw new TypeError(said.error);
    return said;
  };
  await told(second, { do: 'dial', address: first.address });
  const fetch = async (content: Uint8Array) => {
    const { bytes } = await told(second, {
      do: 'fetch',
      root: blobIdOf(content),
      timeoutMs: 120_000,
    });
    if (bytes !== content.length) throw new TypeError('cut off');
  };
  return {
    put: (content) => {
      writeFileSync(file, content);
      return timed(async () => {
        await told(first, { do: 'add', file });
        await fetch(content);
      });
    },
    get: async (content) => {
      writeFileSync(file, content);
      await told(first, { do: 'add', file });
      const root = blobIdOf(content);
      return timed(() => told(second, { do: 'fetch', root, timeoutMs: 120_000 }));
    },
    cpuMs: () => peers.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0),
    close: async () => {
      for (const peer of peers) await peer.stop();
    },
  };
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cometVersion, findCometBft } from '../src/engines/cometbft/node.ts';
import { readCommitted } from '../src/engines/cometbft/rpc/read-answers.ts';
import { CometRpc, RpcError } from '../src/engines/cometbft/rpc/rpc.ts';
import { encodeGenesis, type Genesis } from '../src/ledger/genesis.ts';
import { nodeKeys, writeNodeSettings } from '../src/server/comet/node-home.ts';
import { freePorts } from '../src/story/free-ports.ts';
import { cpuMsOf } from './process.ts';

const bin = fileURLToPath(new URL('../.cache/services/cometbft/bin', import.meta.url));
const appEntry = fileURLToPath(new URL('./comet-app.ts', import.meta.url));

/** Whose application is behind the nodes. */
export type App = 'salus' | 'salus-unsigned' | 'go-kvstore';

/** A program of CometBFT's module, built by the Go tool when it is not there. */
function program(name: 'cometbft' | 'abci-cli'): string {
  const path = join(bin, name);
  if (existsSync(path)) return path;
  if (name === 'cometbft') return findCometBft([bin]);
  const at = `github.com/cometbft/cometbft/abci/cmd/abci-cli@${cometVersion}`;
  const env = { ...process.env, CGO_ENABLED: '0', GOBIN: bin };
  if (spawnSync('go', ['install', at], { env, stdio: 'inherit' }).status !== 0) {
    throw new Error(`the peer ${name} was not built`);
  }
  return path;
}

/** Validators on this machine, each with a node and an application over a Unix socket, as processes. */
export class Network {
  readonly app: App;
  readonly #root: string;
  readonly #nodes: readonly ChildProcess[];
  readonly #apps: readonly ChildProcess[];
  readonly #rpcs: readonly CometRpc[];

  private constructor(of: {
    readonly app: App;
    readonly root: string;
    readonly nodes: readonly ChildProcess[];
    readonly apps: readonly ChildProcess[];
    readonly rpcs: readonly CometRpc[];
  }) {
    this.app = of.app;
    this.#root = of.root;
    this.#nodes = of.nodes;
    this.#apps = of.apps;
    this.#rpcs = of.rpcs;
  }

  static async start(app: App, template: Genesis, count: number): Promise<Network> {
    const root = mkdtempSync(join(tmpdir(), 'salus-bench-comet-'));
    const folders = Array.from({ length: count }, (_, at) => join(root, `v${at}`));
    const keys = folders.map((folder) => nodeKeys(join(folder, 'node')));
    const validators = keys.map(({ validator }) => ({ publicKey: validator, power: 10 }));
    const genesisBytes = encodeGenesis({ ...template, validators });
    const ports = await freePorts(2 * count);
    const peers = keys.map(({ nodeId }, at) => ({ nodeId, address: `127.0.0.1:${ports[at]}` }));
    const apps: ChildProcess[] = [];
    const nodes: ChildProcess[] = [];
    const rpcs: CometRpc[] = [];
    for (const [at, folder] of folders.entries()) {
      const home = join(folder, 'node');
      const rpcAddress = `127.0.0.1:${ports[count + at]}`;
      const settings = {
        ...{ moniker: `v${at}`, rpcAddress, p2pListen: `127.0.0.1:${ports[at]}` },
        ...{ p2pAddress: `127.0.0.1:${ports[at]}`, peers: peers.filter((_, it) => it !== at) },
      };
      writeNodeSettings(home, { genesisBytes, settings });
      if (app === 'go-kvstore') forKvstore(home);
      const socket = join(folder, 'app.sock');
      apps.push(await startApp(app, { folder, genesisBytes, socket }));
      const args = ['start', '--home', home, '--proxy_app', `unix://${socket}`];
      nodes.push(spawn(program('cometbft'), args, { stdio: 'ignore' }));
      rpcs.push(new CometRpc(`http://${rpcAddress}`));
    }
    const network = new Network({ app, root, nodes, apps, rpcs });
    await network.#untilHeight(2);
    return network;
  }

  async #untilHeight(height: number): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      const reached = await this.height().catch(() => 0);
      if (reached >= height - 1) return;
      await pause(100);
    }
    throw new Error(`${this.app}: no block`);
  }

  async height(): Promise<number> {
    return readCommitted(await this.#rpc(0).ask('abci_info'));
  }

  #rpc(at: number): CometRpc {
    const rpc = this.#rpcs[at % this.#rpcs.length];
    if (rpc === undefined) throw new Error('no node');
    return rpc;
  }

  /** CPU seconds of nodes and of applications since they began. */
  cpuSeconds(): { readonly nodes: number; readonly apps: number } {
    const sum = (all: readonly ChildProcess[]) =>
      all.reduce((total, { pid }) => total + cpuMsOf(pid ?? 0), 0) / 1_000;
    return { nodes: sum(this.#nodes), apps: sum(this.#apps) };
  }

  /** Hands one in at a node; waits while the node's queue is full. */
  async submit(tx: Uint8Array, at: number): Promise<void> {
    const params = { tx: Buffer.from(tx).toString('base64') };
    for (;;) {
      try {
        const { code, log } = (await this.#rpc(at).ask('broadcast_tx_sync', params)) as {
          readonly code: number;
          readonly log: string;
        };
        if (code !== 0) throw new Error(`${this.app} refused: ${code} ${log}`);
        return;
      } catch (error) {
        if (!(error instanceof RpcError) || !error.data.includes('full')) throw error;
        await pause(20);
      }
    }
  }

  /** How many transactions the blocks after `height` hold, and the newest height. */
  async committedSince(height: number): Promise<{ readonly txs: number; readonly height: number }> {
    const newest = await this.height();
    let txs = 0;
    for (let at = height + 1; at <= newest; at++) {
      const { block } = (await this.#rpc(0).ask('block', { height: String(at) })) as {
        readonly block: { readonly data: { readonly txs: readonly string[] | null } };
      };
      txs += block.data.txs?.length ?? 0;
    }
    return { txs, height: newest };
  }

  async stop(): Promise<void> {
    for (const child of [...this.#nodes, ...this.#apps]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await Promise.race([ended, pause(5_000).then(() => child.kill('SIGKILL'))]);
    }
    rmSync(this.#root, { recursive: true, force: true });
  }
}

async function startApp(
  app: App,
  of: { readonly folder: string; readonly genesisBytes: Uint8Array; readonly socket: string },
): Promise<ChildProcess> {
  const { folder, genesisBytes, socket } = of;
  if (app === 'go-kvstore') {
    const args = ['kvstore', '--address', `unix://${socket}`];
    const child = spawn(program('abci-cli'), args, { stdio: 'ignore' });
    while (!existsSync(socket)) await pause(20);
    return child;
  }
  mkdirSync(folder, { recursive: true });
  const genesis = join(folder, 'genesis.cbor');
  writeFileSync(genesis, genesisBytes);
  const mode = app === 'salus-unsigned' ? ['unsigned'] : [];
  const args = [appEntry, join(folder, 'state.db'), genesis, socket, ...mode];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'data');
  return child;
}

/** The Go application knows no lists of peers and no state of ours. */
function forKvstore(home: string): void {
  const config = join(home, 'config', 'config.toml');
  const text = readFileSync(config, 'utf8').replace('filter_peers = true', 'filter_peers = false');
  writeFileSync(config, text);
  const path = join(home, 'config', 'genesis.json');
  const genesis = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  delete genesis.app_state;
  writeFileSync(path, JSON.stringify(genesis));
}

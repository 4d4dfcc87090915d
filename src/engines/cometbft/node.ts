import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CodedError } from '../../primitives/errors.ts';
import { endOrphan, markNode } from './orphan.ts';
import { CometRpc } from './rpc/rpc.ts';

/** The versions that this adapter is tried with; all validators of one chain run the same minor version. */
export const cometVersion = 'v0.38.26';
const program = 'cometbft';
const askMs = 100;
/** What a node says when it takes no part in consensus any more; its process stays and answers all the same. */
const failureText = 'CONSENSUS FAILURE';
const stopPatienceMs = 10_000;

/** Throws COMETBFT_MISSING: with how to get it. `folders`: looked into before the PATH. */
export function findCometBft(folders: readonly string[] = []): string {
  const onPath = (process.env.PATH ?? '').split(delimiter);
  const found = [...folders, ...onPath]
    .filter((it) => it !== '')
    .map((folder) => join(folder, program))
    .find(existsSync);
  if (found !== undefined) return found;
  const how = `CGO_ENABLED=0 go install github.com/cometbft/cometbft/cmd/cometbft@${cometVersion}`;
  throw new CodedError('COMETBFT_MISSING', { how });
}

/** Where the node of this home answers its own machine, as its config.toml says. Throws HOME_INVALID. */
export function rpcUrlOf(nodeHome: string): string {
  const path = join(nodeHome, 'config', 'config.toml');
  const config = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const address = /^\[rpc\]$[^[]*?^laddr\s*=\s*"tcp:\/\/([^"\s]+)"/m.exec(config)?.[1];
  if (address === undefined) throw new CodedError('HOME_INVALID', { file: 'config.toml' });
  return `http://${address}`;
}

/** The ids of the nodes that this one talks to, as its config.toml lists them. */
export function peersOf(nodeHome: string): ReadonlySet<string> {
  const config = readFileSync(join(nodeHome, 'config', 'config.toml'), 'utf8');
  const listed = /^persistent_peers\s*=\s*"([^"]*)"/m.exec(config)?.[1] ?? '';
  return new Set(listed.split(',').map((it) => it.split('@')[0] ?? ''));
}

export interface CometNodeOptions {
  readonly program: string;
  /** With `config/` and `data/`, as CometBFT has them. */
  readonly home: string;
  /** The socket of the application, which listens already or soon. */
  readonly appSocket: string;
  readonly log: { write(text: string): unknown };
  /** The node ended by itself: it does so when its application goes away, and starts again with it. */
  readonly onExit: (how: string) => void;
}

/** A CometBFT node as a process of its own, which goes on where its files say it was. */
export class CometNode {
  readonly #child: ChildProcess;
  #isStopping = false;
  #hasEnded = false;

  private constructor(child: ChildProcess, options: CometNodeOptions) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      let tail = '';
      stream?.on('data', (piece) => {
        const text = tail + String(piece);
        options.log.write(String(piece));
        tail = text.slice(-failureText.length);
        // Begun again it takes part again, where what stopped it (a full disk) has passed.
        if (text.includes(failureText)) child.kill('SIGKILL');
      });
    }
    child.once('close', (code, signal) => {
      this.#hasEnded = true;
      if (!this.#isStopping) options.onExit(String(signal ?? code));
    });
    child.once('error', (error) => options.onExit(error.message));
  }

  /** Resolves when the node answers. Throws NODE_SILENT when it ended, or says nothing for `patienceMs`. */
  static async start(options: CometNodeOptions, patienceMs = 30_000): Promise<CometNode> {
    const { home, appSocket } = options;
    await endOrphan(home);
    const args = ['start', '--home', home, '--proxy_app', `unix://${appSocket}`];
    const child = spawn(options.program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    markNode(home, child.pid);
    const node = new CometNode(child, options);
    const rpc = new CometRpc(rpcUrlOf(home));
    const deadline = performance.now() + patienceMs;
    for (;;) {
      try {
        await rpc.ask('health');
        return node;
      } catch (error) {
        if (node.#hasEnded || performance.now() > deadline) {
          await node.stop();
          throw error;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, askMs));
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#hasEnded || this.#child.pid === undefined) return;
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    const late = setTimeout(() => this.#child.kill('SIGKILL'), stopPatienceMs);
    this.#child.kill('SIGTERM');
    await ended;
    clearTimeout(late);
  }
}

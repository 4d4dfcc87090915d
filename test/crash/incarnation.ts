import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { LayerSizes } from '../../src/engines/layer-sizes.ts';

/** What a waiting server is told: to start (with `home`), or which points fail from now on. */
export interface ServerOrder {
  readonly home?: string;
  /** How much of the state the server keeps in memory before it writes it. */
  readonly gathered?: LayerSizes;
  readonly kill?: { readonly point: string; readonly passage: number };
  /** Half of the passages of these points are refused as a full disk would. */
  readonly failing?: readonly string[];
}

export interface Ready {
  /** The state that it answers from, as it came up. */
  readonly height: number;
  readonly appHash: string;
  readonly url: string;
  readonly hospitals: readonly { readonly name: string; readonly account: string }[];
}

interface Said {
  readonly warm?: boolean;
  readonly ready?: boolean;
  readonly url?: string;
  readonly height?: number;
  readonly appHash?: string;
  readonly hospitals?: Ready['hospitals'];
  readonly code?: string;
  readonly why?: string;
  readonly dying?: string;
  readonly refused?: string;
  readonly stopped?: string;
}

/**
 * One life of a server process. It is spawned ahead and loads its modules while its predecessor still
 * serves, so that a restart costs what opening the home costs.
 */
export class Incarnation {
  readonly #child: ChildProcess;
  readonly #warm: Promise<void>;
  readonly #exited: Promise<void>;
  readonly refusedAt = new Set<string>();
  diedAt: string | undefined;
  stopped: string | undefined;
  #onReady: (ready: Ready | undefined) => void = () => {};
  #why = '';
  #ended = false;

  constructor(env: NodeJS.ProcessEnv = {}) {
    const path = join(import.meta.dirname, 'server.ts');
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    });
    this.#child.stdin?.on('error', () => {}); // It may be dead already when it is told something.
    this.#exited = new Promise((resolve) => {
      this.#child.once('close', () => {
        this.#ended = true;
        this.#onReady(undefined);
        resolve();
      });
    });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('no pipe');
    this.#warm = new Promise((resolve) => {
      createInterface({ input: stdout }).on('line', (line) => {
        const said = JSON.parse(line) as Said;
        if (said.warm === true) resolve();
        this.#hear(said);
      });
      void this.#exited.then(resolve);
    });
  }

  #hear(said: Said): void {
    const { url, hospitals, height = 0, appHash = '' } = said;
    if (said.dying !== undefined) this.diedAt = said.dying;
    if (said.refused !== undefined) this.refusedAt.add(said.refused);
    if (said.stopped !== undefined) this.stopped = `${said.stopped} ${said.why ?? ''}`;
    if (said.ready === false) this.#why = `${said.code ?? ''} ${said.why ?? ''}`;
    if (said.ready === true && url !== undefined && hospitals !== undefined) {
      this.#onReady({ url, hospitals, height, appHash });
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  async warm(): Promise<void> {
    await this.#warm;
  }

  tell(order: ServerOrder): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  /** Undefined: killed by its own fault point on the way. Throws when it gave up, or takes too long. */
  async start(order: ServerOrder, boundMs: number): Promise<Ready | undefined> {
    await this.#warm;
    const started = new Promise<Ready | undefined>((resolve) => {
      this.#onReady = resolve;
    });
    if (this.#ended) throw new Error('the server ended before it was started');
    this.tell(order);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`the server did not come up within ${boundMs} ms`);
      timer = setTimeout(() => reject(error), boundMs);
    });
    try {
      const ready = await Promise.race([started, late]);
      if (ready === undefined && this.diedAt === undefined && this.#why !== '') {
        throw new Error(`the server did not come up by itself: ${this.#why}`);
      }
      return ready;
    } finally {
      clearTimeout(timer);
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}

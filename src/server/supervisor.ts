import { fork } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withCompileCache } from '../engines/threads/compile-cache.ts';
import { copyLines, openLogFile } from './log-file.ts';
import { hospitalsOf, type Process, type ProcessOrder, serversOf } from './process.ts';

/** One process that the supervisor keeps running. */
export interface Supervised {
  /** `sensor-hub`, or `data-server.north` where it runs once for each hospital. */
  readonly name: string;
  readonly entry: string;
  readonly order: ProcessOrder;
  /** Of Node. */
  readonly nodeFlags?: readonly string[];
}

/** A process as it is now: one line of `/health` and of the page. */
export interface ProcessState {
  readonly name: string;
  /** `waiting`: it ended by itself and is started again in a while. */
  readonly state: 'starting' | 'running' | 'waiting' | 'stopped';
  readonly pid?: number;
  /** When this state began. */
  readonly sinceMs: number;
  readonly restarts: number;
  /** Exit code or signal of the last run. */
  readonly lastExit?: string;
}

/** A process that was started. Each is told at most once. */
export interface Child {
  readonly pid: number | undefined;
  onReady(told: () => void): void;
  onExit(told: (how: string) => void): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/** What the supervisor needs of the machine; tests bring a clock that they turn. */
export interface Machine {
  spawn(process: Supervised): Child;
  now(): number;
  /** Calls `work` once, later; what it returns calls it off. */
  after(ms: number, work: () => void): () => void;
}

const firstPauseMs = 250;
const longestPauseMs = 30_000;
/** Who ran so long had started well: the next pause is the first again. */
const soundMs = 60_000;
/** Until it says that it is ready: then it is killed, and started again. */
const startPatienceMs = 30_000;
/** From SIGTERM to SIGKILL. */
const stopPatienceMs = 10_000;

/**
 * Keeps processes running: starts each after the one before it is ready (or has ended), starts it again after
 * a pause that doubles as long as it does not stay, and stops all of them in reverse order.
 * Source: docs/operations/processes.md.
 */
export class Supervisor {
  readonly #kept: readonly Kept[];

  constructor(processes: readonly Supervised[], machine: Machine) {
    this.#kept = processes.map((process) => new Kept(process, machine));
  }

  async start(): Promise<void> {
    for (const kept of this.#kept) await kept.start();
  }

  /** In the order in which they start. */
  states(): readonly ProcessState[] {
    return this.#kept.map((kept) => kept.state);
  }

  async stop(): Promise<void> {
    for (const kept of this.#kept.toReversed()) await kept.stop();
  }
}

class Kept {
  readonly #process: Supervised;
  readonly #machine: Machine;
  #state: ProcessState['state'] = 'stopped';
  #sinceMs: number;
  #child: Child | undefined;
  #restarts = 0;
  /** Runs in a row that did not stay. */
  #failures = 0;
  #lastExit: string | undefined;
  #isStopping = false;
  #callOff = () => {};
  /** Waits for the first run: that it is ready, or ends. */
  #settled = () => {};
  #ended = () => {};

  constructor(process: Supervised, machine: Machine) {
    this.#process = process;
    this.#machine = machine;
    this.#sinceMs = machine.now();
  }

  get state(): ProcessState {
    const { name } = this.#process;
    const pid = this.#child?.pid;
    return {
      name,
      state: this.#state,
      ...(pid !== undefined && { pid }),
      sinceMs: this.#sinceMs,
      restarts: this.#restarts,
      ...(this.#lastExit !== undefined && { lastExit: this.#lastExit }),
    };
  }

  start(): Promise<void> {
    // Stopped while those before it were still starting.
    if (this.#isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      this.#settled = resolve;
      this.#run();
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#callOff();
    const child = this.#child;
    if (child !== undefined) {
      await new Promise<void>((resolve) => {
        this.#ended = resolve;
        this.#callOff = this.#machine.after(stopPatienceMs, () => child.kill('SIGKILL'));
        child.kill('SIGTERM');
      });
      this.#callOff();
    }
    this.#become('stopped');
  }

  #run(): void {
    this.#become('starting');
    let child: Child;
    try {
      child = this.#machine.spawn(this.#process);
    } catch {
      // No room for its log, no process to be had: as if it had ended at once.
      this.#onExit('not started');
      return;
    }
    this.#child = child;
    this.#callOff = this.#machine.after(startPatienceMs, () => child.kill('SIGKILL'));
    child.onReady(() => {
      if (this.#child !== child || this.#isStopping) return;
      this.#callOff();
      this.#become('running');
      this.#settled();
    });
    child.onExit((how) => {
      if (this.#child === child) this.#onExit(how);
    });
  }

  #onExit(how: string): void {
    const stayed = this.#state === 'running' && this.#ranMs() >= soundMs;
    this.#failures = stayed ? 0 : this.#failures;
    this.#child = undefined;
    this.#lastExit = how;
    this.#settled();
    this.#ended();
    if (this.#isStopping) return;
    this.#callOff();
    this.#become('waiting');
    const pauseMs = Math.min(firstPauseMs * 2 ** this.#failures, longestPauseMs);
    this.#failures += 1;
    this.#callOff = this.#machine.after(pauseMs, () => {
      this.#restarts += 1;
      this.#run();
    });
  }

  #ranMs(): number {
    return this.#machine.now() - this.#sinceMs;
  }

  #become(state: ProcessState['state']): void {
    this.#state = state;
    this.#sinceMs = this.#machine.now();
  }
}

/** The processes of a home, in order: those for the home once, the others for each of its hospitals. */
export function processesOf(home: string, processes: readonly Process[]): Supervised[] {
  return processes.flatMap(({ name, entry, nodeFlags = [], ...of }) => {
    const ofHome = { name, entry, nodeFlags, order: { home } };
    if (of.per === 'home') return [ofHome];
    const hospitals = hospitalsWith(home, of);
    if (of.together === true) return hospitals.length > 0 ? [ofHome] : [];
    return hospitals.map((hospital) => ({
      ...ofHome,
      ...{ name: `${name}.${hospital}`, order: { home, hospital } },
    }));
  });
}

/** The hospitals of a home for which a process runs, by name. */
export const hospitalsWith = (home: string, { runsFor }: Pick<Process, 'runsFor'>): string[] =>
  hospitalsOf(home).filter((it) => runsFor?.(join(serversOf(home), it)) ?? true);

const host = fileURLToPath(new URL('./process-host.ts', import.meta.url));
/** A service waits most of the time: of the room for young objects that V8 would take, it gives nothing back. */
const smallFlags = ['--max-semi-space-size=1'];
const logBytes = 10 * 1024 * 1024;
const logsKept = 5;

/** This machine: real processes of this Node, each with its log in `servers/logs` of its home. */
export const thisMachine: Machine = {
  spawn: startProcess,
  now: Date.now,
  after: (ms, work) => {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

/** Forks the host of processes, which ends when this process does; what it says goes into its log. */
function startProcess({ name, entry, order, nodeFlags = [] }: Supervised): Child {
  const logs = join(serversOf(order.home), 'logs');
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const log = openLogFile({ path: join(logs, `${name}.log`), maxBytes: logBytes, keep: logsKept });
  const child = fork(host, [entry, JSON.stringify(order)], {
    execArgv: [...smallFlags, ...nodeFlags],
    env: environmentOf(process.env),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) copyLines(stream, log);
  return {
    pid: child.pid,
    onReady: (told) => child.once('message', told),
    onExit: (told) => {
      child.on('error', () => {
        if (child.pid !== undefined) return;
        log.close();
        told('not started');
      });
      child.once('close', (code, signal) => {
        log.close();
        told(String(signal ?? code));
      });
    },
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

/** What a process must know stands in its order: a passphrase that was set for a command is not for it. */
function environmentOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const given = Object.entries(env).filter(([name]) => !name.startsWith('SALUS_'));
  // Of glibc: a pool of memory for each of a dozen threads, of which one allocates, is never given back.
  return withCompileCache({ MALLOC_ARENA_MAX: '1', ...Object.fromEntries(given) });
}

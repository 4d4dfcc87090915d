import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { shell } from './shell.ts';

const bootMs = 60_000;

export interface MachinePlan {
  readonly name: string;
  /** IPv4, of 10.0.0.0/24. */
  readonly address: string;
}

/** A network of machines, apart from that of the machine that plays them. */
export class Lan {
  readonly #name: string;
  readonly #machines: Machine[] = [];
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    this.#name = `salus-${process.pid}`;
    shell('ip', ['netns', 'add', this.#name]);
    this.#ip('link', 'add', 'br0', 'type', 'bridge');
    this.#ip('link', 'set', 'br0', 'up');
  }

  /** Boots a machine whose files begin as those of `debian`. */
  async add(plan: MachinePlan, debian: string): Promise<Machine> {
    const number = this.#machines.length;
    const netns = `${this.#name}-${number}`;
    shell('ip', ['netns', 'add', netns]);
    this.#ip('link', 'add', `v${number}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns);
    this.#ip('link', 'set', `v${number}`, 'master', 'br0', 'up');
    const inNetns = (...words: readonly string[]) => shell('ip', ['-n', netns, ...words]);
    inNetns('link', 'set', 'lo', 'up');
    inNetns('addr', 'add', `${plan.address}/24`, 'dev', 'eth0');
    inNetns('link', 'set', 'eth0', 'up');
    const machine = new Machine(plan, { netns, folder: join(this.folder, plan.name) });
    this.#machines.push(machine);
    await machine.boot(debian);
    return machine;
  }

  async close(): Promise<void> {
    for (const machine of this.#machines) await machine.remove();
    shell('ip', ['netns', 'del', this.#name]);
  }

  #ip(...words: readonly string[]): void {
    shell('ip', ['-n', this.#name, ...words]);
  }
}

/** A Debian machine with systemd, files and an address of its own, played by systemd-nspawn. */
export class Machine {
  readonly name: string;
  readonly address: string;
  readonly #netns: string;
  readonly #folder: string;
  #nspawn: ChildProcess | undefined;
  #init = 0;

  constructor(
    { name, address }: MachinePlan,
    of: { readonly netns: string; readonly folder: string },
  ) {
    this.name = name;
    this.address = address;
    this.#netns = of.netns;
    this.#folder = of.folder;
  }

  /** Its files, as this machine sees them. */
  get files(): string {
    return join(this.#folder, 'root');
  }

  async boot(debian: string): Promise<void> {
    const at = (name: string) => join(this.#folder, name);
    mkdirSync(this.#folder, { recursive: true });
    // What it writes lies in memory, apart from the files below: an overlay on a folder of the same disk would be refused.
    shell('mount', ['-t', 'tmpfs', 'tmpfs', this.#folder]);
    for (const name of ['upper', 'work', 'root']) mkdirSync(at(name));
    const layers = `lowerdir=${debian},upperdir=${at('upper')},workdir=${at('work')}`;
    shell('mount', ['-t', 'overlay', 'overlay', '-o', layers, this.files]);
    await this.start();
  }

  async start(): Promise<void> {
    const cgroup = cgroupOf(this.#netns);
    mkdirSync(cgroup, { recursive: true });
    const words = [
      ...['-q', '-D', this.files, `--network-namespace-path=/run/netns/${this.#netns}`],
      ...['--boot', '--register=no', '--keep-unit', `--machine=${this.name}`],
      ...['--resolv-conf=off', '--timezone=off', '--console=pipe'],
    ];
    // A cgroup of its own: else all of them would be one machine to their systemds.
    const nspawn = spawn(
      '/bin/sh',
      ['-c', `echo $$ > "$0/cgroup.procs" && exec systemd-nspawn "$@"`, cgroup, ...words],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const log = createWriteStream(join(this.#folder, '..', `${this.name}.console`), { flags: 'a' });
    nspawn.stdout.pipe(log, { end: false });
    nspawn.stderr.pipe(log, { end: false });
    this.#nspawn = nspawn;
    const deadline = performance.now() + bootMs;
    for (;;) {
      this.#init = initBelow(nspawn.pid ?? 0) ?? 0;
      if (this.#init !== 0 && this.#isUp()) return;
      if (nspawn.exitCode !== null || performance.now() > deadline) {
        throw new Error(`${this.name} did not boot: see ${this.name}.console`);
      }
      await wait(200);
    }
  }

  #isUp(): boolean {
    try {
      return /running|degraded/.test(this.run('systemctl is-system-running || true'));
    } catch {
      return false;
    }
  }

  /**
   * Runs commands as somebody at this machine would who is `user`, in `folder`, each only when the one before it went well.
   * Gives stdout. Throws ShellFailure.
   */
  run(
    commands: string,
    { user = 'root', folder = '/root', env = {}, boundMs = 120_000 }: RunOptions = {},
  ): string {
    const variables = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ...{ HOME: folder, LANG: 'C.UTF-8', ...env },
    };
    const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
    const script = `cd ${folder} && set -eu && ${commands}`;
    return shell(
      'nsenter',
      [
        ...['-t', String(this.#init), '-m', '-u', '-i', '-n', '-p', '-r', '-w', '--'],
        ...['setpriv', '--reuid', user, '--regid', user, '--init-groups', '--reset-env'],
        ...['env', '-i', ...words, '/bin/sh', '-c', script],
      ],
      { boundMs },
    );
  }

  /** Where nobody is asked to say something else, `--json` says it to a program. */
  json(command: string, options: RunOptions = {}): Readonly<Record<string, unknown>> {
    const lines = this.run(`${command} --json`, options).trim().split('\n');
    return JSON.parse(lines.at(-1) ?? '') as Readonly<Record<string, unknown>>;
  }

  /** As pulling the plug is not: its units are told to stop. */
  async stop(): Promise<void> {
    const nspawn = this.#nspawn;
    if (nspawn === undefined) return;
    const ended = new Promise((resolve) => nspawn.once('exit', resolve));
    // Power off, as systemd is told by the one who runs it in a container.
    if (this.#init !== 0) kill(this.#init, 34 + 4);
    await Promise.race([ended, wait(30_000)]);
    if (nspawn.exitCode === null) nspawn.kill('SIGKILL');
    this.#nspawn = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    shell('umount', ['-l', this.files]);
    shell('umount', ['-l', this.#folder]);
    shell('ip', ['netns', 'del', this.#netns]);
  }
}

export interface RunOptions {
  readonly user?: string;
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly boundMs?: number;
}

/** Real-time signals have no names in Node. */
function kill(pid: number, number: number): void {
  try {
    shell('kill', [`-${number}`, String(pid)]);
  } catch {
    // It ended meanwhile.
  }
}

function cgroupOf(name: string): string {
  const v1 = '/sys/fs/cgroup/systemd';
  return join(existsSync(v1) ? v1 : '/sys/fs/cgroup', name);
}

/** The first process of a container, below the one that plays it. */
function initBelow(pid: number): number | undefined {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      if (!/^NSpid:.*\t1$/m.test(status)) continue;
      if (/^Name:\tsystemd$/m.test(status) && isBelow(Number(name), pid)) return Number(name);
    } catch {
      // It ended meanwhile.
    }
  }
  return undefined;
}

function isBelow(pid: number, ancestor: number): boolean {
  for (let at = pid; at > 1; ) {
    if (at === ancestor) return true;
    const stat = readFileSync(`/proc/${at}/stat`, 'utf8');
    at = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  }
  return false;
}

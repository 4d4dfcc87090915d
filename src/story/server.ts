import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Role } from '../ledger/roles.ts';
import { CodedError } from '../primitives/errors.ts';
import type { ConsortiumOptions } from '../server/consortium.ts';
import type { RunningHospital } from '../server/desk.ts';

const entry = fileURLToPath(new URL('../server/consortium-process.ts', import.meta.url));

/** The three hospitals' servers, as the process that `npm start` runs too; the story stops, kills and restarts it. */
export class Servers {
  readonly home: string;
  readonly hospitals: readonly RunningHospital[];
  readonly port: number;
  #child: ChildProcess;

  private constructor(home: string, child: ChildProcess, hospitals: readonly RunningHospital[]) {
    this.home = home;
    this.#child = child;
    this.hospitals = hospitals;
    this.port = Number(new URL(hospitals[0]?.url ?? '').port);
  }

  /** Of the process, as the system counts its time and memory. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  static async start(home: string, settings: Settings = {}): Promise<Servers> {
    const { child, hospitals } = await launch(home, 0, settings);
    return new Servers(home, child, hospitals);
  }

  /** At the same address, so that every wallet finds its hospital again. */
  async restart(): Promise<void> {
    this.#child = (await launch(this.home, this.port)).child;
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  hospital(name: string): RunningHospital {
    const hospital = this.hospitals.find((it) => it.name === name);
    if (hospital === undefined) throw new CodedError('INTERNAL', { hospital: name });
    return hospital;
  }

  /** What the registration desk does when somebody stands before it. */
  async invite(hospital: RunningHospital, role: Role, name: string): Promise<string> {
    const desk = readFileSync(join(this.home, 'servers', hospital.name, 'desk.token'));
    const response = await fetch(`${hospital.url}/v1/invitations`, {
      method: 'POST',
      headers: {
        authorization: `Desk ${desk.toString('hex')}`,
        'content-type': 'application/json',
        'accept-encoding': 'identity',
      },
      body: JSON.stringify({ role, name }),
    });
    const { invitation } = (await response.json()) as { readonly invitation?: string };
    if (invitation === undefined) throw new CodedError('FORBIDDEN', { status: response.status });
    return invitation;
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
  }
}

interface Ready {
  readonly ready: boolean;
  readonly code?: string;
  readonly hospitals?: readonly RunningHospital[];
}

type Settings = NonNullable<ConsortiumOptions['settings']>;

async function launch(
  home: string,
  port: number,
  settings: Settings = {},
): Promise<{ readonly child: ChildProcess; readonly hospitals: readonly RunningHospital[] }> {
  // A minute is long in a story: refusals are anchored every second.
  const options = { home, port, settings: { refusalBatchMs: 1_000, ...settings } };
  const child = spawn(process.execPath, [entry, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new CodedError('INTERNAL');
  for await (const line of createInterface({ input: child.stdout })) {
    const ready = JSON.parse(line) as Ready;
    if (!ready.ready || ready.hospitals === undefined) break;
    return { child, hospitals: ready.hospitals };
  }
  throw new CodedError('INTERNAL', { server: 'did not start' });
}

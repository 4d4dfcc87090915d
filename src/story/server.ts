import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Role } from '../ledger/roles.ts';
import { CodedError } from '../primitives/errors.ts';
import { foundConsortium } from '../server/comet/found-homes.ts';
import type { ConsortiumOptions } from '../server/consortium.ts';
import type { RunningHospital } from '../server/desk.ts';
import { demoMembers } from '../server/founding.ts';
import { foundStorageNetwork } from '../server/storage/found-network.ts';
import { freePorts } from './free-ports.ts';

const entry = fileURLToPath(new URL('../server/consortium-process.ts', import.meta.url));

/** What runs, and where: one process with three hospitals, or one for each member of a consortium. */
export interface ServerPlan {
  readonly engine: 'embedded' | 'cometbft';
  readonly members: number;
}

interface Machine {
  readonly home: string;
  readonly port: number;
  child: ChildProcess;
}

/** The hospitals' servers, as the processes that `salus up` runs too; the story stops, kills and restarts them. */
export class Servers {
  /** Of the story itself: people, receipts, what was opened. */
  readonly home: string;
  readonly hospitals: readonly RunningHospital[];
  readonly #machines: readonly Machine[];
  readonly #given: Given;

  private constructor(
    home: string,
    machines: readonly Machine[],
    hospitals: readonly RunningHospital[],
    given: Given,
  ) {
    this.home = home;
    this.#machines = machines;
    this.hospitals = hospitals;
    this.#given = given;
  }

  /** Of the first process, as the system counts its time and memory. */
  get pid(): number {
    return this.#machines[0]?.child.pid ?? 0;
  }

  /** Homes of servers: what each machine of the story holds. */
  get homes(): readonly string[] {
    return this.#machines.map(({ home }) => home);
  }

  /** Throws USAGE {members}, COMETBFT_MISSING. */
  static async start(
    home: string,
    settings: Settings = {},
    plan: ServerPlan = { engine: 'embedded', members: 3 },
    partSettings: ConsortiumOptions['partSettings'] = {},
  ): Promise<Servers> {
    const given = { settings, partSettings };
    const places =
      plan.engine === 'embedded' ? [{ home, port: 0 }] : await foundMembers(home, plan.members);
    // Together: validators wait for each other before the first block.
    const launched = await Promise.all(
      places.map(async (it) => ({ ...it, ...(await launch(it.home, it.port, given)) })),
    );
    const hospitals = launched.flatMap((it) => it.hospitals);
    const machines = launched.map(({ home, child, hospitals: [first] }) => {
      return { home, child, port: Number(new URL(first?.url ?? '').port) };
    });
    return new Servers(home, machines, hospitals, given);
  }

  /** At the same addresses, so that every wallet finds its hospital again. */
  async restart(): Promise<void> {
    await Promise.all(
      this.#machines.map(async (machine) => {
        machine.child = (await launch(machine.home, machine.port, this.#given)).child;
      }),
    );
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** What the machine of this hospital holds: `servers/` is in it. */
  homeOf(hospital: string): string {
    const home = this.homes.find((it) => existsSync(join(it, 'servers', hospital)));
    if (home === undefined) throw new CodedError('INTERNAL', { hospital });
    return home;
  }

  hospital(name: string): RunningHospital {
    const hospital = this.hospitals.find((it) => it.name === name);
    if (hospital === undefined) throw new CodedError('INTERNAL', { hospital: name });
    return hospital;
  }

  /** What the registration desk does when somebody stands before it. */
  async invite(hospital: RunningHospital, role: Role, name: string): Promise<string> {
    const folder = join(this.homeOf(hospital.name), 'servers', hospital.name);
    const desk = readFileSync(join(folder, 'desk.token'));
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
    await Promise.all(
      this.#machines.map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill(signal);
        await exited;
      }),
    );
  }
}

/** The hospitals of the demo, and as many more as it takes. */
const names = [...demoMembers, ...['Coast', 'Hill', 'Lake', 'Forest'].map(hospitalNamed)];

function hospitalNamed(place: string) {
  return { name: place.toLowerCase(), title: `${place} Hospital` };
}

/** A home for each member, on ports that are free now. Throws USAGE {members}. */
async function foundMembers(
  home: string,
  count: number,
): Promise<readonly { readonly home: string; readonly port: number }[]> {
  if (!(count >= 1 && count <= names.length)) throw new CodedError('USAGE', { members: count });
  const ports = await freePorts(4 * count);
  const members = names.slice(0, count).map((it, at) => ({
    ...it,
    url: `http://127.0.0.1:${ports[4 * at]}/${it.name}`,
    p2pAddress: `127.0.0.1:${ports[4 * at + 1]}`,
    rpcAddress: `127.0.0.1:${ports[4 * at + 2]}`,
  }));
  const homeOf = ({ name }: { readonly name: string }) => join(home, 'members', name);
  await foundConsortium(members, homeOf);
  await foundStorageNetwork(
    members.map((it, at) => ({
      home: homeOf(it),
      host: '127.0.0.1',
      port: ports[4 * at + 3] ?? 0,
    })),
  );
  return members.map((it) => ({ home: homeOf(it), port: Number(new URL(it.url).port) }));
}

interface Ready {
  readonly ready: boolean;
  readonly code?: string;
  readonly hospitals?: readonly RunningHospital[];
}

type Settings = NonNullable<ConsortiumOptions['settings']>;
/** What each process is started with. */
type Given = Pick<ConsortiumOptions, 'settings' | 'partSettings'>;

async function launch(
  home: string,
  port: number,
  { settings, partSettings }: Given,
): Promise<{ readonly child: ChildProcess; readonly hospitals: readonly RunningHospital[] }> {
  // A minute is long in a story: refusals are anchored every second.
  const options = { home, port, partSettings, settings: { refusalBatchMs: 1_000, ...settings } };
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

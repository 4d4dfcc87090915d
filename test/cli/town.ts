import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Json,
  recordLines,
  refused,
  remove,
  root,
  salus,
  temporaryHome,
  text,
  up,
} from './salus.ts';

/** A patient's chart of 104 resources, and a letter. */
export const bundle = join(
  root,
  'examples/patients/Lemuel_Hodkiewicz_ece76cc5-d728-4ddd-a85d-a47de7d1649a.json',
);
export const pdf = join(root, 'examples/documents/discharge-letter.pdf');

/** Somebody with a wallet of this name, enrolled at a hospital of the town. */
export interface Somebody {
  readonly name: string;
  readonly fullName: string;
  readonly recoveryCode: string;
}

/** A consortium that is up in this process: each test has people of its own there. */
export interface Town {
  readonly home: string;
  readonly ready: Json;
  readonly url: string;
  readonly salus: (...args: readonly string[]) => Promise<Json>;
  /** The lines of `record list`, `find` or `trend`. */
  readonly lines: (...args: readonly string[]) => Promise<readonly Json[]>;
  /** Refused with this code and exit code. */
  readonly no: (code: string, exit: number, ...args: readonly string[]) => Promise<Json>;
  /** The path of a file of this name that no other test has; written when there is content. */
  readonly file: (name: string, content?: string | Uint8Array) => string;
  readonly patient: () => Promise<Somebody>;
  readonly doctor: () => Promise<Somebody>;
  /** Stops the servers; the home stays. */
  readonly stop: () => Promise<void>;
  /** Stops them and takes the home away. */
  readonly leave: () => Promise<void>;
}

export async function startTown(): Promise<Town> {
  const home = temporaryHome();
  const running = await up(home);
  const run = (...args: readonly string[]) => salus(args, { home });
  let files = 0;
  let people = 0;
  let isUp = true;
  const make = async (as: string, fullName: string, ...flags: readonly string[]) => {
    const name = `${as}-${++people}`;
    const full = `${fullName} ${people}`;
    const made = await run('person', 'create', name, '--name', full, ...flags);
    return { name, fullName: full, recoveryCode: text(made, 'recoveryCode') };
  };
  const stop = async () => {
    if (isUp) await running.stop();
    isUp = false;
  };
  return {
    home,
    ready: running.ready,
    url: text(running.ready, 'url'),
    salus: run,
    lines: (...args) => recordLines(args, { home }),
    no: (code, exit, ...args) => refused(args, { code, exit }, { home }),
    file: (name, content) => {
      const folder = join(home, 'files', String(++files));
      mkdirSync(folder, { recursive: true });
      const path = join(folder, name);
      if (content !== undefined) writeFileSync(path, content);
      return path;
    },
    patient: () => make('ana', 'Ana Lima', '--hospital', 'north'),
    doctor: () => {
      const flags = ['--hospital', 'harbour', '--role', 'clinician', '--licence', 'H-1'];
      return make('dr-bo', 'Dr Bo', ...flags);
    },
    stop,
    leave: async () => {
      await stop();
      remove(home);
    },
  };
}

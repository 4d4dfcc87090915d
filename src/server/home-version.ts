import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { lockLedger } from '../engines/embedded/lock.ts';
import { utf8 } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { writeWhole } from './files.ts';
import { serversOf } from './process.ts';

/** One way forward: from the version before it to its own, which is its place in the list. */
export interface HomeStep {
  /** What is different afterwards, for the changelog and for who reads this list. */
  readonly tells: string;
  /** Changes the files of the home; a run that was interrupted is begun again, on what it left. */
  readonly run: (home: string) => void | Promise<void>;
}

/** Homes of 21 November carry no mark. */
const firstVersion = 1;

/**
 * The ways from each version of a home to the next, from `firstVersion` on. Append-only: a home of any version
 * opens for ever, or its step says with a code why not. What a database can do by itself when it is opened
 * (the file of a gateway has versions and migrations of its own) needs no step here.
 */
export const homeSteps: readonly HomeStep[] = [
  { tells: 'The home says which version it is.', run: () => {} },
];

/** What a home says of itself, in `servers/home.json`. */
export interface HomeMark {
  readonly version: number;
  /** Wings that have founded what they keep here. */
  readonly wings: readonly string[];
}

// Loose: of a newer home nothing but its version is asked.
const markFile = z.looseObject({
  version: z.int().positive(),
  wings: z.array(z.string()).default([]),
});

const markPath = (home: string): string => join(serversOf(home), 'home.json');
const latest = (steps: readonly HomeStep[]): number => firstVersion + steps.length;

/** Undefined: nothing was founded here yet. Throws HOME_INVALID {file}. */
export function readHomeMark(home: string): HomeMark | undefined {
  const path = markPath(home);
  if (!existsSync(path)) {
    const isFounded = existsSync(join(serversOf(home), 'genesis.cbor'));
    return isFounded ? { version: firstVersion, wings: [] } : undefined;
  }
  try {
    return markFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new CodedError('HOME_INVALID', { file: 'home.json' }, cause);
  }
}

/** In place at once or not at all. */
export function writeHomeMark(home: string, mark: HomeMark): void {
  writeWhole(markPath(home), utf8(`${JSON.stringify(mark)}\n`), 0o644);
}

/** Throws HOME_NEWER {version, known}: a newer Salus has been here, and this one would misread what it left. */
export function requireKnownHome(home: string, steps = homeSteps): void {
  const version = readHomeMark(home)?.version ?? firstVersion;
  const known = latest(steps);
  if (version > known) throw new CodedError('HOME_NEWER', { version, known });
}

export interface OpenHomeOptions {
  readonly steps?: readonly HomeStep[];
  /** Told a line for people after each step. */
  readonly onMigrated?: ((line: string) => void) | undefined;
}

/**
 * Brings a home to the version of this build, step by step; a new one begins with it. The mark follows each
 * step, so that what was interrupted goes on with the step it was in.
 * Throws HOME_NEWER, HOME_INVALID, LEDGER_LOCKED (a server runs on it), and what a step throws.
 */
export async function openHome(home: string, options: OpenHomeOptions = {}): Promise<void> {
  const { steps = homeSteps, onMigrated } = options;
  requireKnownHome(home, steps);
  const mark = readHomeMark(home);
  if (mark === undefined) {
    mkdirSync(serversOf(home), { recursive: true, mode: 0o700 });
    writeHomeMark(home, { version: latest(steps), wings: [] });
    return;
  }
  if (mark.version === latest(steps)) return;
  const folder = join(serversOf(home), 'ledger');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockLedger(folder);
  try {
    // Again: another process may have brought it on, and noted more, before the lock was had.
    const { version, wings } = readHomeMark(home) ?? mark;
    for (const [at, step] of steps.slice(version - firstVersion).entries()) {
      const from = version + at;
      await step.run(home);
      writeHomeMark(home, { version: from + 1, wings });
      onMigrated?.(`migrated home from ${from} to ${from + 1}`);
    }
  } finally {
    lock.release();
  }
}

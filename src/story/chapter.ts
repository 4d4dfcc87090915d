import type { ParseArgsOptionsConfig } from 'node:util';
import { CodedError, isCoded } from '../primitives/errors.ts';
import type { ConsortiumOptions } from '../server/consortium.ts';
import type { Input } from './inputs.ts';
import type { Servers } from './server.ts';

/** What a step saw: ids, heights, codes and hashes; never a key or a word of a record. */
export type Facts = Readonly<Record<string, unknown>>;

/** What every chapter begins with. */
export interface Setting {
  /** The folder that everything is kept in. */
  readonly home: string;
  readonly servers: Servers;
  readonly inputs: readonly Input[];
  /** The values of the chapter's own flags. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

/** One thing that happens: it is done, checked, and says what it saw. */
export interface Step<Scene> {
  readonly name: string;
  readonly tells: string;
  // As a method: a list of chapters holds scenes of many kinds, each played by its own steps only.
  play(scene: Scene): Promise<Facts>;
}

/** A story that is played step by step, each on what the one before it left in the scene. */
export interface Chapter<Scene> {
  /** As `--chapter` names it. */
  readonly name: string;
  /** What the whole of it shows, in a sentence. */
  readonly tells: string;
  /** Beside those that every chapter has. */
  readonly flags: ParseArgsOptionsConfig;
  /** Of parts of its gateways, by their names: days that a story cannot wait for are seconds there. */
  readonly partSettings?: ConsortiumOptions['partSettings'];
  open(setting: Setting): Promise<Scene>;
  readonly steps: readonly Step<Scene>[];
  /** Names of chapters that are played after it, each on servers of its own; one whose wing was taken out is left out. */
  readonly followedBy?: readonly string[];
}

/** A chapter whose scene nobody but itself knows. */
export type AnyChapter = Chapter<unknown>;

/** Throws USAGE with the names of those that there are. */
export function chapterNamed(name: string, chapters: readonly AnyChapter[]): AnyChapter {
  const chapter = chapters.find((it) => it.name === name);
  if (chapter !== undefined) return chapter;
  throw new CodedError('USAGE', { chapter: name, known: chapters.map((it) => it.name).join(', ') });
}

/** Runs what must be refused and says with which code. Throws STEP_FAILED when it was not refused. */
export async function refused(what: string, work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (isCoded(error) && error.code !== 'INTERNAL') return error.code;
    throw error;
  }
  throw new CodedError('STEP_FAILED', { notRefused: what });
}

/** Throws STEP_FAILED {what}. */
export function hold(condition: boolean, what: string): asserts condition {
  if (!condition) throw new CodedError('STEP_FAILED', { what });
}

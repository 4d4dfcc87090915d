import { type ChildProcess } from 'node:child_process';
import type { Random } from '../crash/random.ts';
import { type Consortium } from './consortium.ts';
import type { Hospital } from './hospital.ts';
/** What a fault has to work with; `random` is its own, so that what it does follows from the schedule alone. */
export interface Scene {
  readonly consortium: Consortium;
  readonly random: Random;
  /** How long it lasts. */
  readonly holdMs: number;
}
export interface Fault {
  readonly name: string;
  /** Of so many hospitals, drawn for it; `a third`, rounded up, is more than a ledger tolerates: it must stand still. */
  readonly on: number | 'a third';
  /** Missing: it can be had everywhere. */
  readonly needsSmallDisk?: boolean;
  /** Makes it, lets it last, and heals it. Tells what exactly it did. */
  readonly play: (scene: Scene, on: readonly Hospital[]) => Promise<string>;
}
export declare const faults: readonly Fault[];
/** Node and application of this home, without a gateway; resolves when they run. */
export declare function startValidator(
  { home, log: path }: Hospital,
  {
    lies,
    seed,
  }: {
    readonly lies: boolean;
    readonly seed: number;
  },
): Promise<ChildProcess>;
export declare function stopValidator(child: ChildProcess, of: Hospital): Promise<void>;

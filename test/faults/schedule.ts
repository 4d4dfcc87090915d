import { Random } from '../crash/random.ts';
import type { Consortium } from './consortium.ts';
import { type Fault, faults } from './faults.ts';
import type { Hospital } from './hospital.ts';

/** One fault as the seed decides it; what it does in detail follows from its own random numbers. */
export interface Planned {
  readonly fault: Fault;
  readonly on: readonly Hospital[];
  readonly holdMs: number;
  /** Quiet after it, once the ledger goes on. */
  readonly calmMs: number;
  readonly random: Random;
}

/**
 * Without end: first each fault once, in an order of its own, then any. The same for the same seed, members and names;
 * `only`: faults of these names, empty for all.
 */
export function* planned(
  seed: number,
  only: readonly string[],
  consortium: Consortium,
): Generator<Planned, never> {
  const random = new Random(seed);
  const { hospitals, smallDisk } = consortium;
  const possible = faults.filter(
    ({ name, needsSmallDisk }) =>
      (only.length === 0 || only.includes(name)) &&
      (needsSmallDisk !== true || smallDisk.hospital !== undefined),
  );
  let first = random.shuffled(possible);
  for (;;) {
    const fault = first[0] ?? random.pick(possible);
    if (fault === undefined) throw new Error('no fault is possible');
    first = first.slice(1);
    const count = fault.on === 'a third' ? Math.ceil(hospitals.length / 3) : fault.on;
    const drawn = random.shuffled(hospitals).slice(0, count);
    const onDisk = smallDisk.hospital === undefined ? drawn : [smallDisk.hospital];
    yield {
      fault,
      on: fault.needsSmallDisk === true ? onDisk : drawn,
      holdMs: fault.on === 'a third' ? random.between(7_000, 10_000) : random.between(2_000, 7_000),
      calmMs: random.between(500, 1_500),
      random: new Random(random.below(2 ** 31)),
    };
  }
}

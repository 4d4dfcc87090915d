import { CodedError } from '../../primitives/errors.ts';

/** Three wrong entries, and no device is added for an hour. Source: docs/protocol/devices.md, rule D-5. */
export const maxWrongEntries = 3;
const hourMs = 60 * 60_000;
/** So many are kept, to be shown. */
const keptEntries = 20;

/**
 * Where the device that hands over keeps when wrong digits were entered, for longer than one session and one program:
 * times in ms, oldest first. Whoever keeps it shows each of them on every device of the person.
 */
export interface WrongEntries {
  read(): Promise<readonly number[]>;
  write(timesMs: readonly number[]): Promise<void>;
}

/**
 * How many entries are left by what was written down. A time more than an hour ahead was written by a clock that was
 * wrong: it counts for nothing, else nothing were added here until then. Throws DEVICE_ADDING_STOPPED with `untilMs`.
 */
export function triesLeft(timesMs: readonly number[], nowMs: number): number {
  const lastThree = timesMs.filter((it) => it < nowMs + hourMs).slice(-maxWrongEntries);
  const [first = 0] = lastThree;
  const last = lastThree.at(-1) ?? 0;
  const areThree = lastThree.length === maxWrongEntries && last - first < hourMs;
  if (areThree && nowMs < last + hourMs) {
    throw new CodedError('DEVICE_ADDING_STOPPED', { untilMs: last + hourMs });
  }
  return maxWrongEntries - lastThree.filter((timeMs) => timeMs > nowMs - hourMs).length;
}

/**
 * Lets one entry be judged: it is written down as wrong before anybody knows whether it is, so that who stops the
 * program in between has not won a try; a right one is taken back. Throws what `judge` throws, DEVICE_ADDING_STOPPED.
 */
export async function countingEntry<T>(
  entries: WrongEntries,
  nowMs: number,
  judge: () => T,
): Promise<T> {
  const before = await entries.read();
  triesLeft(before, nowMs);
  await entries.write([...before, nowMs].slice(-keptEntries));
  const judged = judge();
  await entries.write(before);
  return judged;
}

import { CodedError, isCoded, type Person } from '@salus/salus/sdk/browser';
import type { Call } from './call.ts';
import { reach } from './reach.ts';
import { SealedShelf } from './sealed-shelf.ts';
import type { Session } from './session.ts';

/** Something as it was last learned from the hospital. */
interface Seen {
  readonly asOfMs: number;
  readonly value: unknown;
}

/** The same answer is written again only so often: the day and minute that it stands for are what counts. */
const againMs = 60_000;

const shelves = new WeakMap<Person, SealedShelf<Seen>>();
const written = new WeakMap<Person, Map<string, Seen & { readonly text: string }>>();

function shelfOf({ person, wallet }: Session): SealedShelf<Seen> {
  const held = shelves.get(person) ?? new SealedShelf<Seen>('seen', person, wallet.id);
  shelves.set(person, held);
  return held;
}

/**
 * Keeps it sealed on this device. That it cannot be kept stops nobody who reads.
 *
 * Source: docs/protocol/wallet.md, rule W-34.
 */
export async function keepSeen(
  session: Session,
  {
    of: person,
    word,
    value,
  }: { readonly of: Person; readonly word: string; readonly value: unknown },
): Promise<void> {
  // Another wallet may have been opened since it was asked: it is not that one's to see.
  if (!session.isOpenAs(person)) return;
  try {
    const before = written.get(person) ?? new Map<string, Seen & { readonly text: string }>();
    written.set(person, before);
    const [asOfMs, last] = [Date.now(), before.get(word)];
    const isFresh = last !== undefined && asOfMs - last.asOfMs < againMs;
    // Thousands of lines are not spelled again at every block.
    if (isFresh && last.value === value) return;
    const text = JSON.stringify(value);
    if (isFresh && last.text === text) return;
    before.set(word, { asOfMs, value, text });
    const shelf = shelfOf(session);
    await shelf.put(await shelf.placeOf(word), { asOfMs, value });
  } catch {
    // A full disk, or a wallet that was locked meanwhile: it is asked for again.
  }
}

/** Undefined: this device never saw it. */
export async function seenBefore<T>(
  session: Session,
  word: string,
): Promise<{ readonly asOfMs: number; readonly value: T } | undefined> {
  const shelf = shelfOf(session);
  return (await shelf.get(await shelf.placeOf(word))) as
    | { readonly asOfMs: number; readonly value: T }
    | undefined;
}

/** Lets answers of these calls go: they may name what is no more. */
export async function forgetSeen(session: Session, ...names: readonly string[]): Promise<void> {
  const shelf = shelfOf(session);
  for (const name of names) {
    const word = wordOf(session, name, undefined);
    written.get(session.person)?.delete(word);
    await shelf.drop(await shelf.placeOf(word));
  }
}

/** An account was closed: nothing of it is shown here any more. The others are asked for again. */
export async function forgetAllSeen(session: Session): Promise<void> {
  written.delete(session.person);
  await shelfOf(session).clear();
}

/** Of the account that acts: what was asked of one hospital is never shown as another's. */
const wordOf = ({ as }: Session, name: string, input: unknown): string =>
  `${as.as} ${name} ${JSON.stringify(input ?? null)}`;

/** No hospital could be asked. */
export const isUnreachable = (error: unknown): boolean => isCoded(error, 'GATEWAY_UNREACHABLE');

/**
 * What the hospital answers; while it cannot be reached, what this device has in its place. It is not asked at all while it
 * is known to be away, for that takes seconds. Throws GATEWAY_UNREACHABLE where the device has nothing.
 */
export async function orFromDevice<T>(
  hospital: () => Promise<T>,
  device: () => Promise<T | undefined>,
): Promise<T> {
  let why: unknown = new CodedError('GATEWAY_UNREACHABLE');
  if (!reach.isAway) {
    try {
      return await hospital();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      why = error;
    }
  }
  const held = await device();
  if (held === undefined) throw why;
  return held;
}

/**
 * A call whose last answer stands, with its time, while no hospital can be reached. `now` takes out of it what time or this
 * device have changed since.
 */
export function asLastSeen<Input, Output>(
  name: string,
  call: Call<Input, Output>,
  now: (session: Session, value: Output) => Output = (_session, value) => value,
): Call<Input, Output> {
  return async (session, input, work) => {
    const word = wordOf(session, name, input);
    return orFromDevice(
      async () => {
        const { person } = session;
        const value = await call(session, input, work);
        void keepSeen(session, { of: person, word, value });
        return value;
      },
      async () => {
        const seen = await seenBefore<Output>(session, word);
        if (seen === undefined) return undefined;
        work.onAsOf(seen.asOfMs);
        return now(session, seen.value);
      },
    );
  };
}

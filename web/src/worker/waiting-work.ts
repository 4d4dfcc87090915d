import type { Person } from '@salus/salus/sdk/browser';
import type { Session } from './session.ts';

const [firstWaitMs, mostWaitMs] = [3_000, 60_000];

const sending = new WeakMap<Person, { wake: () => void }>();

const isWaiting = (person: Person): boolean =>
  person.isTakingBack || person.unwritten.length > 0 || person.pendingCount > 0;

/**
 * Sends what the wallet has written down and no hospital took, what takes back first, until nothing waits or the wallet is
 * locked: then the next start goes on. Who calls while it waits wakes it.
 */
export async function sendWaiting(session: Session): Promise<void> {
  const { person, as } = session;
  const before = sending.get(person);
  if (before !== undefined) {
    before.wake();
    return;
  }
  if (!isWaiting(person)) return;
  const turn = { wake: () => {} };
  sending.set(person, turn);
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(mostWaitMs, 2 * waitMs)) {
    // What does not go now is tried again; whoever looks at it sees that it waits.
    if (person.isTakingBack) await person.takeBack().catch(() => undefined);
    if (person.pendingCount > 0) await person.sync(as).catch(() => undefined);
    else if (person.unwritten.length > 0) await person.inbox(as).catch(() => undefined);
    session.tellNews();
    if (!session.isOpenAs(person) || !isWaiting(person)) break;
    await new Promise<void>((resolve) => {
      turn.wake = resolve;
      setTimeout(resolve, waitMs);
    });
    if (!session.isOpenAs(person)) break;
  }
  sending.delete(person);
}

// The scrub of a home as a process of its own, under the supervisor: what is exported is its `ProcessEntry`.
import { constants, setPriority } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { isCoded } from '../primitives/errors.ts';
import { Pace } from './maintenance/scrub/pace.ts';
import { ScrubRounds } from './maintenance/scrub/rounds.ts';
import type { ProcessOrder, RunningProcess } from './process.ts';

/** Between two rounds of a small home. */
const pauseMs = 60_000;
/** A twentieth of a core (docs/protocol/stores.md, SR-7). */
const share = 0.05;

export async function start({ home }: ProcessOrder): Promise<RunningProcess> {
  setPriority(constants.priority.PRIORITY_LOW);
  const stopping = new AbortController();
  const { signal } = stopping;
  const pace = new Pace(share, signal);
  const rounds = new ScrubRounds(home, { signal, rest: () => pace.rest() });
  const stopped = repeat(rounds, signal);
  return {
    async close() {
      stopping.abort();
      await stopped;
    },
  };
}

async function repeat(rounds: ScrubRounds, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const { items, bytes, found, missed, busyMs } = await rounds.next();
      log({ what: 'round', items, bytes, found, missed, busyMs });
    } catch (error) {
      if (signal.aborted) return;
      // Whatever it was, as a disk without room for what was found: the next round looks again.
      log({ what: 'round', code: isCoded(error) ? error.code : 'INTERNAL' });
    }
    await wait(pauseMs, undefined, { signal }).catch(() => {});
  }
}

const log = (line: Readonly<Record<string, string | number>>) =>
  process.stdout.write(`${JSON.stringify({ timeMs: Date.now(), ...line })}\n`);

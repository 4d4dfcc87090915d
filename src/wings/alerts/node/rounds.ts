import { setTimeout as wait } from 'node:timers/promises';
import { isCoded } from '../../../primitives/errors.ts';
import type { AlertService } from './service.ts';

const hourMs = 60 * 60_000;

export interface Rounds {
  readonly signal: AbortSignal;
  /** Between two looks at the outbox, and at what is due. */
  readonly roundMs: number;
  /** At the start, and every hour. */
  readonly hourly: () => void;
  readonly log: (line: Readonly<Record<string, string>>) => void;
}

/**
 * Takes causes and sends letters until it is stopped: each way by itself, so that none waits for another, nor the outbox for any.
 * Source: docs/protocol/alerts.md, AL-12.
 */
export async function keepSending(service: AlertService, of: Rounds): Promise<void> {
  const { signal } = of;
  let lastMs: number | undefined;
  const take = async () => {
    const worked = service.take();
    if (lastMs === undefined || performance.now() - lastMs > hourMs) {
      of.hourly();
      lastMs = performance.now();
    }
    return worked;
  };
  const sending = service.ways.map((way) => repeat(() => service.send(way, signal), of));
  await Promise.all([repeat(take, of), ...sending]);
}

async function repeat(
  work: () => Promise<boolean>,
  { signal, roundMs, log }: Rounds,
): Promise<void> {
  while (!signal.aborted) {
    try {
      if (!(await work())) await wait(roundMs, undefined, { signal }).catch(() => {});
    } catch (error) {
      // A full disk, a file that is locked: what was not done is done in a later round.
      log({ code: isCoded(error) ? error.code : 'INTERNAL', what: 'round' });
      await wait(roundMs, undefined, { signal }).catch(() => {});
    }
  }
}

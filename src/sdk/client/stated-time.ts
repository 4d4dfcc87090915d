import { isCoded } from '../../primitives/errors.ts';
import type { Context } from './context.ts';

/** Half the time between two signed times of a quiet ledger: the newest one is so old on average. */
const newestBlockAgeMs = 150_000;

/**
 * What time it is by the newest block that the hospital shows, two and a half minutes off at most while the ledger
 * makes its blocks. Signed by the validators, so no gateway alone can have something signed for another day.
 * Source: docs/protocol/http.md, rule H-23.
 */
export async function ledgerTimeMs(
  { ledger }: Context,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { timeMs } = await ledger.headers.latest(signal);
  return timeMs + newestBlockAgeMs;
}

/**
 * Sends what states the moment of its signature: by this device's clock, and where that is refused, once more by the
 * ledger's. A clock that is an hour wrong must not leave a grant without its letter. `send` signs anew each time.
 * Throws REQUEST_STALE (both are refused), and what `send` throws. Source: docs/protocol/http.md, rule H-23.
 */
export async function statingTime<Answer>(
  ctx: Context,
  signal: AbortSignal | undefined,
  send: (nowMs: number) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await send(ctx.now());
  } catch (error) {
    if (!isCoded(error, 'REQUEST_STALE')) throw error;
    return send(await ledgerTimeMs(ctx, signal));
  }
}

import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { Context } from '../client/context.ts';

/** When a grant ends or ended, by block time. */
export async function endOf(
  ctx: Context,
  { revokedHeight, notAfterMs }: Consent,
  signal?: AbortSignal,
): Promise<number> {
  if (revokedHeight === 0) return notAfterMs;
  const { time } = await ctx.ledger.headers.header(revokedHeight, signal);
  return Math.min(notAfterMs, msOfTimestamp(time));
}

const askedAtOnce = 16;

/**
 * When these ended, for a listing; of what has not, undefined is given and returned. A time that the hospital does not
 * tell now keeps no list away: undefined too.
 */
export async function endsOf(
  ctx: Context,
  ended: readonly (Consent | undefined)[],
  signal?: AbortSignal,
): Promise<readonly (number | undefined)[]> {
  const ends: (number | undefined)[] = [];
  for (let at = 0; at < ended.length; at += askedAtOnce) {
    const some = ended.slice(at, at + askedAtOnce);
    ends.push(...(await Promise.all(some.map((it) => it && endIfTold(ctx, it, signal)))));
  }
  return ends;
}

async function endIfTold(
  ctx: Context,
  row: Consent,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  try {
    return await endOf(ctx, row, signal);
  } catch (error) {
    if (signal?.aborted || !isCoded(error) || error.kind !== 'unavailable') throw error;
    return undefined;
  }
}

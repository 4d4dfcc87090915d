import { msOfTimestamp } from '../../ledger/chain/timestamp.ts';
import type { Consent } from '../../ledger/tables/consents.ts';
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

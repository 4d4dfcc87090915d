import type { Context } from '../client/context.ts';
import { isKeyOf } from './letter-standing.ts';
import type { HeldGrant } from './received.ts';

/** Whether the ledger takes what the held letter's seed signs, as far as keys go. Throws ACCOUNT_UNKNOWN, LEDGER_OLD. */
export async function mayWriteNow(
  ctx: Context,
  { letter, patient }: HeldGrant,
  signal?: AbortSignal,
): Promise<boolean> {
  const [row, owner] = await Promise.all([
    ctx.ledger.consent(letter.consent, signal),
    ctx.ledger.currentAccount(patient, signal),
  ]);
  return row !== undefined && (await isKeyOf(letter, row, owner.keyGeneration));
}

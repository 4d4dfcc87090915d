import { isCoded } from '../../primitives/errors.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import type { KeyOf } from '../client/open-chart.ts';
import { collectKeys, readingKeysOf } from '../grants/collect-keys.ts';
import type { HeldGrant } from '../grants/received.ts';

/**
 * What a look will need, asked for while it is on its way: the keys of the grant, and the directory of the patient, who
 * wrote most of her chart.
 */
export function beforehand(
  ctx: Context,
  held: HeldGrant,
  signal: AbortSignal | undefined,
): Promise<KeyOf> {
  const keys = keysOf(ctx, held, signal);
  const directory = ctx.ledger.keysAt(held.patient, ctx.ledger.tip.height, signal);
  directory.catch(() => undefined);
  return keys;
}

/** Who does not wait for them hears of no failure. */
export function keysOf(
  ctx: Context,
  held: HeldGrant,
  signal: AbortSignal | undefined,
): Promise<KeyOf> {
  const keys = collectKeys(ctx, held, { signal });
  const keyOf = keys.then((found) => readingKeysOf(found, held.letter.consent));
  keyOf.catch(() => undefined);
  return keyOf;
}

/** The keys known before the answer, unless one is missing: a KeySet may have come between. */
export async function openersOf(
  ctx: Context,
  held: HeldGrant,
  { rows, known }: { readonly rows: readonly LiveItem[]; readonly known: Promise<KeyOf> },
  signal: AbortSignal | undefined,
): Promise<KeyOf> {
  try {
    const keyOf = await known;
    for (const row of rows) keyOf(row);
    return keyOf;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return keysOf(ctx, held, signal);
  }
}

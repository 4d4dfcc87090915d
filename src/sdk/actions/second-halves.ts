import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context } from '../client/context.ts';
import { lockOf } from '../records/double.ts';
import type { ReadingKey } from '../records/item-wrap.ts';

/** Adds to the keys of one's own records what the wallet has of their second halves. */
export function ownHalves(ctx: Context): (row: LiveItem, key: ReadingKey) => ReadingKey {
  const { content } = ctx.vault;
  const kept = ctx.halfKeepers.flatMap((it) => [...it.own(content, ctx.account.account)]);
  const halves = new Map(kept);
  return (row, key) => {
    const half = halves.get(row.recordId);
    return half === undefined ? key : { ...key, half };
  };
}

/**
 * The key with the second half that is asked for, where the item is doubly encrypted and it is missing; what is refused is told
 * when the item is opened, and hides no other item. `look`: the receipt of the look that names it; undefined: one's own.
 */
export async function withAskedHalf(
  ctx: Context,
  row: LiveItem,
  key: ReadingKey,
  {
    look,
    away,
  }: {
    readonly look?: () => Promise<Uint8Array>;
    readonly away?: Set<AccountId>;
  },
  signal?: AbortSignal,
): Promise<ReadingKey> {
  // Her own alone are doubly encrypted: whoever else wrote such a row chose to whom a look and its grant would be shown.
  const isOwners = row.consent === undefined;
  const lock = isOwners && key.half === undefined ? lockOf(row.header) : undefined;
  if (lock === undefined) return key;
  const { account, recordId, recordClass } = row;
  try {
    for (const keeper of ctx.halfKeepers) {
      const half: Uint8Array | undefined = await keeper.ask(
        ctx,
        { account, recordId, recordClass, lock, away },
        look,
        signal,
      );
      if (half !== undefined) return { ...key, half };
    }
    return key;
  } catch (error) {
    if (!isCoded(error) || error.code === 'INTERRUPTED') throw error;
    const { code, details } = error;
    return { ...key, half: new CodedError(code, { ...details, recordId }, error) };
  }
}

/** `withAskedHalf` of rows that one look names: who is away for one of them is not waited for again, and the others are asked. */
export async function withAskedHalves(
  ctx: Context,
  of: {
    readonly rows: readonly LiveItem[];
    readonly keyOf: (row: LiveItem) => ReadingKey;
    readonly look: () => Promise<Uint8Array>;
  },
  signal?: AbortSignal,
): Promise<ReadonlyMap<LiveItem, ReadingKey>> {
  const keys = new Map<LiveItem, ReadingKey>();
  const away = new Set<AccountId>();
  for (const row of of.rows)
    keys.set(row, await withAskedHalf(ctx, row, of.keyOf(row), { look: of.look, away }, signal));
  return keys;
}

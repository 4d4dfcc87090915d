import { CodedError, isCoded } from '../../primitives/errors.ts';
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
  look: (() => Promise<Uint8Array>) | undefined,
  signal?: AbortSignal,
): Promise<ReadingKey> {
  const lock = key.half === undefined ? lockOf(row.header) : undefined;
  if (lock === undefined) return key;
  const { account, recordId, recordClass } = row;
  try {
    for (const keeper of ctx.halfKeepers) {
      const half: Uint8Array | undefined = await keeper.ask(
        ctx,
        { account, recordId, recordClass, lock },
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

/** `withAskedHalf` of rows that one look names. Of a server that is away the first tells: the others do not wait for it again. */
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
  let away: CodedError | undefined;
  for (const row of of.rows) {
    const known = of.keyOf(row);
    if (away !== undefined && lockOf(row.header) !== undefined) {
      const { code, details } = away;
      const half = new CodedError(code, { ...details, recordId: row.recordId }, away);
      keys.set(row, { ...known, half });
      continue;
    }
    const key = await withAskedHalf(ctx, row, known, of.look, signal);
    if (key.half instanceof CodedError && key.half.kind === 'unavailable') away = key.half;
    keys.set(row, key);
  }
  return keys;
}

import { isCoded } from '../../primitives/errors.ts';
import { decodeAs, encodeAs, type Shape } from '../../primitives/shape.ts';
import type { Context } from '../client/context.ts';

/** What a device notes for one account beside the wallet: it can be made again, and no other device needs it. */
export interface Note<T> {
  /** `[a-z]+`, which no other note has. */
  readonly name: string;
  readonly shape: Shape<T>;
  /** Where nothing is noted, or what is noted cannot be read: another passphrase, another version. */
  readonly nothing: T;
}

export async function noted<T>(ctx: Context, note: Note<T>): Promise<T> {
  const held = await ctx.vault.recall(placeOf(ctx, note));
  if (held === undefined) return note.nothing;
  try {
    return decodeAs(note.shape, held);
  } catch (error) {
    if (!isCoded(error)) throw error;
    return note.nothing;
  }
}

/** A device that cannot write has noted nothing, and goes on. */
export async function noteBeside<T>(ctx: Context, note: Note<T>, value: T): Promise<void> {
  await ctx.vault.remember(placeOf(ctx, note), encodeAs(note.shape, value)).catch(() => undefined);
}

/** The word that it is kept under. */
export const placeOf = (
  { account: { account } }: Context,
  { name }: { readonly name: string },
): string => `${name}-${account.slice(0, 16)}`;

import { encodeAs, list, struct, uint } from '../../primitives/shape.ts';
import type { Context } from '../client/context.ts';
import { type Note, noted, placeOf } from './kept-beside.ts';
import { type KeptNotice, keptNotice } from './noticed.ts';

/**
 * The notices that this device has checked, beside the wallet: the next time it fetches and checks only what is new.
 * Not in the wallet itself, for a reader makes up to 600 an hour, and whoever lost the file checks them again.
 */
export interface KeptNotices {
  readonly notices: readonly KeptNotice[];
  /** Inbox ids from here on are kept: what is older had no room, and is fetched each time. */
  readonly from: number;
  /** The newest inbox id that was looked at. */
  readonly upTo: number;
  /** Inbox ids between the two that are not settled: to be asked for again. */
  readonly open: readonly number[];
}

const shape = struct({ notices: list(keptNotice), from: uint, upTo: uint, open: list(uint) });
const looks: Note<KeptNotices> = {
  ...{ name: 'looks', shape, nothing: { notices: [], from: 0, upTo: 0, open: [] } },
};

/** About 60,000 looks at a few records each. */
export const maxKeptBytes = 16 * 1024 * 1024;

export const keptNotices = (ctx: Context): Promise<KeptNotices> => noted(ctx, looks);

/** Keeps as many as there is room for, the newest first. */
export async function keepNotices(ctx: Context, found: KeptNotices): Promise<void> {
  let kept = { ...found, notices: [...found.notices].sort((a, b) => a.inboxId - b.inboxId) };
  for (;;) {
    const encoded = encodeAs(shape, kept);
    if (encoded.length <= maxKeptBytes) return ctx.vault.remember(placeOf(ctx, looks), encoded);
    const notices = kept.notices.slice(Math.ceil(kept.notices.length / 4));
    const from = notices[0]?.inboxId ?? kept.upTo + 1;
    kept = { ...kept, notices, from, open: kept.open.filter((id) => id >= from) };
  }
}

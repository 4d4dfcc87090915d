import type { InboxEntry } from '../../api/inbox.ts';
import { inboxGet } from '../../api/routes/inbox-get.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type KeptNotices, keepNotices, keptNotices } from './kept-notices.ts';
import { noticed, provenNotice } from './notice.ts';
import { isSettled, type Noticed } from './noticed.ts';

/** What was done with this person's records, as far as hospitals tell and the ledger counts. */
export interface Looked {
  /** Oldest first. */
  readonly notices: readonly Noticed[];
  /**
   * The ledger counts every look in the grant's row: grants of which it counts more than there are
   * verified notices. Empty: no look was kept from this person.
   */
  readonly withheld: readonly {
    readonly consent: ConsentId;
    readonly counted: number;
    readonly seen: number;
  }[];
}

/**
 * Who looked, who was refused and what was erased: each checked against the ledger, once on this device. Where the
 * ledger counts more than is known here everything is fetched and checked anew: a hospital whose file came back from
 * a backup gives numbers again that it gave before. Source: docs/protocol/reading.md, rules.
 */
export async function looked(ctx: Context, options: WorkOptions = {}): Promise<Looked> {
  const kept = await keptNotices(ctx);
  const notices = await listed(ctx, kept, options);
  const withheld = await withheldLooks(ctx, notices, options.signal);
  if (withheld.length === 0 || kept.upTo === 0) return { notices, withheld };
  const all = await listed(ctx, { notices: [], from: 0, upTo: 0, open: [] }, options);
  return { notices: all, withheld: await withheldLooks(ctx, all, options.signal) };
}

/**
 * The receipt of a notice, complete: checked offline against the trust root alone. Throws NOT_FOUND (it is not in the
 * inbox any more, or not anchored yet), and what does not verify.
 */
export async function receiptOfNotice(
  ctx: Context,
  { inboxId }: Pick<Noticed, 'inboxId'>,
  { signal }: WorkOptions = {},
): Promise<Uint8Array> {
  const receipt = await noticeReceipts(ctx, signal)(inboxId);
  if (receipt === undefined) throw new CodedError('NOT_FOUND', { inboxId });
  return receipt;
}

/** The same for many, in rising order of their ids: what one page of the inbox has is asked for once. Undefined: NOT_FOUND. */
export function noticeReceipts(
  ctx: Context,
  signal?: AbortSignal,
): (inboxId: number) => Promise<Uint8Array | undefined> {
  let held = new Map<number, InboxEntry>();
  return async (inboxId) => {
    if (!held.has(inboxId)) {
      const { messages } = await page(ctx, inboxId - 1, signal);
      held = new Map(messages.map((it) => [it.id, it]));
    }
    const entry = held.get(inboxId);
    if (entry === undefined || entry.kind === 'message') return undefined;
    return (await provenNotice(ctx, entry, signal)).receipt;
  };
}

function page(ctx: Context, after: number, signal: AbortSignal | undefined) {
  return ctx.gateway.call(inboxGet, { query: { after }, signal });
}

/** What is kept, and what is not: open still, older, or new. Of what is not finished the next time goes on. */
async function listed(
  ctx: Context,
  kept: KeptNotices,
  { signal, onProgress }: WorkOptions,
): Promise<readonly Noticed[]> {
  const notices = new Map<number, Noticed>(kept.notices.map((it) => [it.inboxId, it]));
  const served = new Set(kept.notices.flatMap((it) => (it.kind === 'look' ? it.requestHash : [])));
  let { from, upTo } = kept;
  let checked = 0;
  const take = async (entries: readonly InboxEntry[]): Promise<void> => {
    for (const entry of entries) {
      if (entry.kind !== 'message' && !notices.has(entry.id)) {
        notices.set(entry.id, await noticed(ctx, entry, served, signal));
        checked += 1;
        onProgress?.({ phase: 'opening', done: checked, total: 0 });
      }
      upTo = Math.max(upTo, entry.id);
    }
  };
  const takeAll = async (first: number, last: number): Promise<void> => {
    for (let after = first; after < last; ) {
      const { messages, more } = await page(ctx, after, signal);
      await take(messages);
      const next = messages.at(-1)?.id ?? after;
      // A gateway that shows the same ones again has no more.
      if (!more || next <= after) return;
      after = next;
    }
  };
  try {
    // One page may bring several of them.
    for (const id of kept.open) {
      if (!notices.has(id)) await take((await page(ctx, id - 1, signal)).messages);
    }
    await takeAll(0, from - 1);
    from = 0;
    await takeAll(kept.upTo, Number.POSITIVE_INFINITY);
  } finally {
    const all = [...notices.values()];
    const unsettled = all.filter((it) => !isSettled(it)).map((it) => it.inboxId);
    const open = [...new Set([...kept.open.filter((id) => !notices.has(id)), ...unsettled])];
    if (checked > 0) await keepNotices(ctx, { notices: all.filter(isSettled), from, upTo, open });
  }
  return [...notices.values()].sort((a, b) => a.inboxId - b.inboxId);
}

async function withheldLooks(
  ctx: Context,
  notices: readonly Noticed[],
  signal?: AbortSignal,
): Promise<Looked['withheld']> {
  // One notice shown twice must not stand for a look that is not shown at all.
  const seen = new Map<ConsentId, Set<string>>();
  for (const it of notices) {
    if (it.kind !== 'look') continue;
    const entries = seen.get(it.consent) ?? new Set<string>();
    seen.set(it.consent, entries.add(it.entryHash));
  }
  const own = ctx.vault.content.grants.filter((it) => it.account === ctx.account.account);
  const rows = await ctx.ledger.consents(
    own.map((it) => it.consent),
    signal,
  );
  return own
    .map(({ consent }) => ({
      consent,
      counted: rows.get(consent)?.looks ?? 0,
      seen: seen.get(consent)?.size ?? 0,
    }))
    .filter((it) => it.counted > it.seen);
}

import { inboxGet } from '../../api/routes/inbox-get.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type Noticed, noticed } from './notice.ts';

/** What was done with this person's records, as far as hospitals tell and the ledger counts. */
export interface Looked {
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
 * Who looked, who was refused and what was erased: each checked against the ledger, with a receipt that
 * anybody can check. Source: docs/protocol/reading.md, rules.
 */
export async function looked(ctx: Context, options: WorkOptions = {}): Promise<Looked> {
  const { signal, onProgress } = options;
  const notices: Noticed[] = [];
  const served = new Set<string>();
  for (let after = 0; ; ) {
    const { messages, more } = await ctx.gateway.call(inboxGet, { query: { after }, signal });
    for (const entry of messages) {
      after = Math.max(after, entry.id);
      if (entry.kind === 'message') continue;
      notices.push(await noticed(ctx, entry, served, signal));
      onProgress?.({ phase: 'opening', done: notices.length, total: 0 });
    }
    if (!more || messages.length === 0) break;
  }
  return { notices, withheld: await withheldLooks(ctx, notices, signal) };
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
  const counted = await Promise.all(
    own.map(async ({ consent }) => ({
      consent,
      counted: (await ctx.ledger.consent(consent, signal))?.looks ?? 0,
      seen: seen.get(consent)?.size ?? 0,
    })),
  );
  return counted.filter((it) => it.counted > it.seen);
}

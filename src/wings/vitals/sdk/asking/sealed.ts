import { equalBytes } from '../../../../primitives/bytes.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import type { Context } from '../../../../sdk/client/context.ts';
import { pause } from '../../../../sdk/client/http.ts';
import { sealRowId, statSeals } from '../../ledger/tables/stat-seals.ts';

/** A seal comes with the next block or two; a server that was just stopped sends it when it is there again. */
const [firstWaitMs, mostWaitMs, patienceMs] = [20, 500, 20_000];

/**
 * Holds answers against the ledger: the StatSeals of all three servers are looked up at once, and waited for. `hashes`: SHA-256
 * of each answer, in the order of the servers. Throws ANSWER_NOT_SEALED {server}: another hash stands there, or none after a
 * while. Source: docs/protocol/vitals-statistics.md, rule VQ-39.
 */
export async function requireSealed(
  ctx: Context,
  of: {
    readonly query: string;
    readonly servers: readonly AccountId[];
    readonly hashes: readonly Uint8Array[];
  },
  signal?: AbortSignal,
): Promise<void> {
  await Promise.all(
    of.servers.map(async (server, at) => {
      const answer = await sealOf(ctx, of.query, server, signal);
      if (answer === undefined || !equalBytes(answer, of.hashes[at] ?? new Uint8Array(0)))
        throw new CodedError('ANSWER_NOT_SEALED', { server });
    }),
  );
}

/** What a server sealed of a question of this account, as the ledger has it now. */
export async function sealNow(
  ctx: Context,
  { query, server }: { readonly query: string; readonly server: AccountId },
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  const id = sealRowId(ctx.account.account, query, server);
  return (await ctx.ledger.row(statSeals, id, { signal }))?.answer;
}

async function sealOf(
  ctx: Context,
  query: string,
  server: AccountId,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  for (
    let [waited, next] = [0, firstWaitMs];
    ;
    waited += next, next = Math.min(2 * next, mostWaitMs)
  ) {
    const seal = await sealNow(ctx, { query, server }, signal);
    if (seal !== undefined || waited >= patienceMs) return seal;
    await pause(next, signal);
  }
}

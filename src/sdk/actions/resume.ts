import type { Code } from '../../codes/index.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { ConsentId, TxId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { confirm, isRefusal } from '../client/send-tx.ts';
import { revokeAccess } from '../grants/revoke.ts';

interface ResumeOptions extends WorkOptions {
  /** This grant is about to be taken back in any case. */
  readonly but?: ConsentId;
}

/** What became of a transaction that was repeated. */
export interface Resumed {
  readonly txId: TxId;
  /** What it was for: grant, revoke, keys, import, write, rotate, or a wing's own word. */
  readonly kind: string;
  /** Undefined: it is confirmed now. */
  readonly refused: Code | undefined;
}

/**
 * Repeats what was written down and not confirmed, by this process or another device of the same person. A
 * revocation that is said to be refused is made anew, until the ledger proves that the grant has ended: it was
 * decided, so it has to happen.
 *
 * Throws what makes repeating impossible for now: GATEWAY_UNREACHABLE, COMMIT_TIMEOUT, LEDGER_STALLED.
 */
export async function resume(
  ctx: Context,
  { signal, but }: ResumeOptions = {},
): Promise<readonly Resumed[]> {
  const { account } = ctx.account;
  const resumed: Resumed[] = [];
  for (const pending of ctx.vault.content.pending.filter((it) => it.account === account)) {
    if (but !== undefined && pending.kind === 'revoke' && pending.consents.includes(but)) continue;
    const { tx, kind, consents } = pending;
    try {
      await confirm(ctx, pending, signal);
      resumed.push({ txId: tx, kind, refused: undefined });
    } catch (error) {
      // A reason that this version does not know must not hold up the others.
      if (!isRefusal(error)) throw error;
      resumed.push({ txId: tx, kind, refused: error.code });
      if (kind === 'revoke') await revokeAnew(ctx, consents, signal);
    }
  }
  return resumed;
}

/** What is refused once more stays written down, and holds up nothing else. */
async function revokeAnew(
  ctx: Context,
  consents: readonly ConsentId[],
  signal?: AbortSignal,
): Promise<void> {
  for (const consent of consents) {
    const grant = ctx.vault.content.grants.find((it) => it.consent === consent);
    if (grant === undefined || grant.ended) continue;
    try {
      await revokeAccess(ctx, consent, { signal });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
}

/** What still cannot be repeated, such as a letter to a hospital that is down, stops nobody from revoking. */
export async function tryResume(ctx: Context, options: ResumeOptions = {}): Promise<void> {
  try {
    await resume(ctx, options);
  } catch (error) {
    if (!isCoded(error) || isCoded(error, 'INTERRUPTED')) throw error;
  }
}

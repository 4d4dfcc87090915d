import type { Code } from '../../codes/index.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { ConsentId, TxId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import { type ConfirmedTx, confirm, isRefusal } from '../client/send-tx.ts';
import { isDue } from '../client/take-back.ts';
import { owesKeys, renewKeys } from '../grants/grant.ts';
import { revokeAccess, stillToEnd } from '../grants/revoke.ts';
import type { PendingTx } from '../wallet/content.ts';
import { freezeIfAsked } from './freeze.ts';

/** What became of a transaction that was repeated. */
export interface Resumed {
  readonly txId: TxId;
  /** What it was for: grant, revoke, freeze, keys, import, write, rotate, or a wing's own word. */
  readonly kind: string;
  /** Undefined: it is confirmed now. */
  readonly refused: Code | undefined;
}

/**
 * Repeats what was written down and not confirmed, by this process or another device of the same person; first what
 * takes something back, which nothing else holds up.
 *
 * Throws what makes repeating impossible for now: GATEWAY_UNREACHABLE, COMMIT_TIMEOUT, LEDGER_STALLED.
 */
export async function resume(
  ctx: Context,
  { signal }: WorkOptions = {},
): Promise<readonly Resumed[]> {
  const { account } = ctx.account;
  const first = await resumeTakingBack(ctx, { signal });
  const resumed: Resumed[] = [...first];
  const mine = ctx.vault.content.pending.filter(
    (it) => it.account === account && !isForAnyHospital(ctx, it),
  );
  for (const pending of mine) {
    const { tx, kind } = pending;
    try {
      await confirm(ctx, pending, signal);
      resumed.push({ txId: tx, kind, refused: undefined });
    } catch (error) {
      // A reason that this version does not know must not hold up the others.
      if (!isRefusal(error)) throw error;
      resumed.push({ txId: tx, kind, refused: error.code });
    }
  }
  // A grant that was still on its way when it was taken back.
  return [...resumed, ...(await resumeTakingBack(ctx, { signal }))];
}

/**
 * What was taken back, and is not proven to have ended, is taken back now: what was sent for it is sent again, and
 * made anew where that was refused or its day is over. What still cannot be done stays written down and stops nothing.
 */
export async function resumeTakingBack(
  ctx: Context,
  { signal }: WorkOptions = {},
): Promise<readonly Resumed[]> {
  const resumed: Resumed[] = [];
  for (const consent of stillToEnd(ctx.vault.content, ctx.account.account)) {
    try {
      const { txId } = await revokeAccess(ctx, consent, { signal });
      resumed.push({ txId, kind: 'revoke', refused: undefined });
    } catch (error) {
      if (signal?.aborted || !isCoded(error)) throw error;
    }
  }
  for (const pending of stillToSend(ctx))
    resumed.push(...(await sentAnywhere(ctx, pending, signal)));
  await freezeIfAsked(ctx, { signal }).catch((error: unknown) => {
    if (signal?.aborted || !isCoded(error)) throw error;
  });
  return resumed;
}

/** Whether something was taken back that the ledger does not prove to have ended. */
export function isTakingBack(ctx: Context): boolean {
  const { account } = ctx.account;
  const { content, local } = ctx.vault;
  const isOwing = stillToEnd(content, account).length > 0 || stillToSend(ctx).length > 0;
  return isOwing || local.freezing.includes(account);
}

/** What takes back, is written down and may be sent today: of grants, their own mark says what is still to be done. */
function stillToSend(ctx: Context): readonly PendingTx[] {
  const { account } = ctx.account;
  return ctx.vault.content.pending.filter(
    (it) => it.account === account && isForAnyHospital(ctx, it) && isDue(it, ctx.now()),
  );
}

function isForAnyHospital(ctx: Context, { kind, consents }: PendingTx): boolean {
  return consents.length === 0 && ctx.pendingKinds.get(kind)?.takesBack === true;
}

/** To each hospital the same, until one has it in a block; what none does now stays. */
async function sentAnywhere(
  ctx: Context,
  pending: PendingTx,
  signal: AbortSignal | undefined,
): Promise<readonly Resumed[]> {
  const { tx: txId, kind } = pending;
  for (const gateway of ctx.gateways()) {
    try {
      await confirm(ctx, pending, signal, gateway);
      return [{ txId, kind, refused: undefined }];
    } catch (error) {
      if (signal?.aborted || !isCoded(error)) throw error;
      if (isRefusal(error)) return [{ txId, kind, refused: error.code }];
    }
  }
  return [];
}

/**
 * Before anything is written: whoever was taken back is out, and holds no key of what is written now.
 * Throws what keeps him in.
 */
export async function requireTakenBack(ctx: Context, { signal }: WorkOptions = {}): Promise<void> {
  for (const consent of stillToEnd(ctx.vault.content, ctx.account.account)) {
    await revokeAccess(ctx, consent, { signal }).catch((error: unknown) => {
      if (!isCoded(error, 'CONSENT_ENDED')) throw error;
    });
  }
  if (owesKeys(ctx.vault.content, ctx.account.account)) await renewKeys(ctx, { signal });
}

/**
 * Takes a grant back, also one that may still be on its way: what was written down brings it there, and then it ends.
 * Throws as `revokeAccess`.
 */
export async function takeBackGrant(
  ctx: Context,
  consent: ConsentId,
  options: WorkOptions = {},
): Promise<ConfirmedTx> {
  try {
    return await revokeAccess(ctx, consent, options);
  } catch (error) {
    const isUnderWay = ctx.vault.content.pending.length > 0;
    if (!isCoded(error, 'CONSENT_UNKNOWN') || !isUnderWay) throw error;
    await tryResume(ctx, options);
    return revokeAccess(ctx, consent, options);
  }
}

/** What still cannot be repeated, such as a letter to a hospital that is down, stops nobody. */
export async function tryResume(ctx: Context, options: WorkOptions = {}): Promise<void> {
  try {
    await resume(ctx, options);
  } catch (error) {
    if (!isCoded(error) || isCoded(error, 'INTERRUPTED')) throw error;
  }
}

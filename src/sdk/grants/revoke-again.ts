import { bytesOfText } from '../../api/message-parts.ts';
import { stateGet } from '../../api/routes/state-get.ts';
import { decodeRow } from '../../ledger/table.ts';
import { consents } from '../../ledger/tables/consents.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { ConsentId } from '../../primitives/ids.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import type { GatewayClient } from '../client/gateway-client.ts';
import { takeBack } from '../client/take-back.ts';
import { revokeAccess } from './revoke.ts';

/**
 * A ledger that was restored from a backup has grants in force again that this wallet had taken back, and had proven to
 * have ended: they are taken back again, with nobody asking for it.
 *
 * Source: docs/protocol/wallet.md, rule W-27.
 */
export async function revokeAgain(ctx: Context, { signal }: WorkOptions = {}): Promise<void> {
  const taken = takenBackForGood(ctx);
  if (taken.length === 0) return;
  const rows = await ctx.ledger.consents(taken, signal);
  for (const consent of taken) {
    const row = rows.get(consent);
    if (row === undefined || row.revokedHeight !== 0) continue;
    try {
      await revokeAccess(ctx, consent, { signal });
    } catch (error) {
      // It is tried again at the next `sync`, and stops nothing until then.
      if (!isCoded(error) || signal?.aborted) throw error;
    }
  }
}

/**
 * The same where the ledger itself is not believed any more, for it is shorter than the one that this wallet has seen, or
 * another: by a hospital's word alone, since what a lie brings about is a revocation that the ledger refuses.
 */
export async function revokeAgainUnproven(
  ctx: Context,
  { signal }: WorkOptions = {},
): Promise<void> {
  for (const consent of takenBackForGood(ctx)) {
    if (!(await isSaidToLive(ctx, consent, signal))) continue;
    const acts = [{ kind: 'ConsentRevoke', consent }] as const;
    try {
      await takeBack(ctx, { kind: 'revoke-alone', acts, consents: [consent], signal });
    } catch (error) {
      // Its receipt is of a ledger that this wallet cannot believe: it was sent all the same.
      if (!isCoded(error) || signal?.aborted) throw error;
    }
  }
}

function takenBackForGood(ctx: Context): readonly ConsentId[] {
  const { account } = ctx.account;
  return ctx.vault.content.grants.flatMap((it) =>
    it.account === account && it.takenBackMs > 0 && it.ended && it.notAfterMs > ctx.now()
      ? it.consent
      : [],
  );
}

/** By any hospital of the ledger, without a proof. */
async function isSaidToLive(
  ctx: Context,
  consent: ConsentId,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const gateway of ctx.gateways()) {
    if (await saysLive(gateway, consent, signal)) return true;
  }
  return false;
}

async function saysLive(
  gateway: GatewayClient,
  consent: ConsentId,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const params = { table: consents.name, key: consent };
    const { value } = await gateway.call(stateGet, { params, query: {}, signal });
    return value !== null && decodeRow(consents, bytesOfText(value)).revokedHeight === 0;
  } catch (error) {
    if (!isCoded(error) || signal?.aborted) throw error;
    return false;
  }
}

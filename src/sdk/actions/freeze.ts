import { equalBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import type { ConfirmedTx } from '../client/send-tx.ts';
import { takeBack } from '../client/take-back.ts';
import { freezeAsked, freezeDone, type WalletLocal } from '../wallet/local.ts';
import type { VaultContent } from '../wallet/vault.ts';

/**
 * Freezes this account by its own key: for a device that was stolen and that others can still open. What was granted
 * stays and may be taken back; the printed code brings the account back (`rotate`). Needs no session and no copy.
 *
 * Throws ACCOUNT_FROZEN (it is frozen already), KEY_NOT_CURRENT (this wallet's keys are old ones).
 * Source: docs/protocol/acts.md, rule A-3, and wallet.md, rule W-20.
 */
export async function freezeAccount(
  ctx: Context,
  { signal }: WorkOptions = {},
): Promise<ConfirmedTx> {
  const { account } = ctx.account;
  await note(ctx, (local) => freezeAsked(local, account));
  const acts = [{ kind: 'RevokeKey', account }] as const;
  const confirmed = await takeBack(ctx, { kind: 'freeze', acts, signal });
  await note(ctx, (local) => freezeDone(local, account));
  return confirmed;
}

/** A freeze that no hospital has taken yet. It ends with what the ledger proves: frozen, or keys that are not here. */
export async function freezeIfAsked(ctx: Context, { signal }: WorkOptions = {}): Promise<void> {
  const { account } = ctx.account;
  if (!ctx.vault.local.freezing.includes(account)) return;
  const row = await ctx.ledger.account(account, signal).catch((error: unknown) => {
    if (signal?.aborted || !isCoded(error)) throw error;
    return undefined;
  });
  const keys = await ctx.allKeys();
  const isOthers = row && !keys.some(({ sign }) => equalBytes(sign.publicKey, row.signKey));
  const isOver = row?.frozen === true || isOthers === true;
  if (isOver) await note(ctx, (local) => freezeDone(local, account));
  else await freezeAccount(ctx, { signal });
}

/** A device that cannot write still freezes. */
async function note(ctx: Context, edit: (local: WalletLocal) => WalletLocal): Promise<void> {
  const change = ({ content, local }: VaultContent) => ({ content, local: edit(local) });
  await ctx.vault.changeAll(change, { takesBack: true }).catch(() => undefined);
}

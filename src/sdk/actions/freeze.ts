import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { Context, WorkOptions } from '../client/context.ts';
import type { ConfirmedTx } from '../client/send-tx.ts';
import { takeBack } from '../client/take-back.ts';
import type { WalletContent } from '../wallet/content.ts';
import { askedToFreeze, freezeAsked, freezeDone } from './freeze-asked.ts';

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
  const [newest] = await ctx.allKeys();
  if (newest === undefined) throw new CodedError('WALLET_INVALID');
  const { publicKey: signKey } = newest.sign;
  await note(ctx, (content) => freezeAsked(content, { account, signKey }));
  const acts = [{ kind: 'RevokeKey', account }] as const;
  const confirmed = await takeBack(ctx, { kind: 'freeze', acts, signal });
  await note(ctx, (content) => freezeDone(content, account));
  return confirmed;
}

/**
 * A freeze that no hospital has taken yet. It ends with what the ledger proves: the account is frozen, or its keys are
 * others; and on a device that has other keys itself, so that one that comes late does not undo coming back.
 */
export async function freezeIfAsked(ctx: Context, { signal }: WorkOptions = {}): Promise<void> {
  const { account } = ctx.account;
  const asked = askedToFreeze(ctx.vault.content, account);
  if (asked === undefined) return;
  const [newest] = await ctx.allKeys();
  const row = await ctx.ledger.account(account, signal).catch((error: unknown) => {
    if (signal?.aborted || !isCoded(error)) throw error;
    return undefined;
  });
  const isOther = (key: Uint8Array | undefined) => key !== undefined && !equalBytes(key, asked);
  const isOver = row?.frozen === true || isOther(row?.signKey) || isOther(newest?.sign.publicKey);
  if (isOver) await note(ctx, (content) => freezeDone(content, account));
  else await freezeAccount(ctx, { signal });
}

/** A device that cannot write still freezes. */
async function note(ctx: Context, edit: (content: WalletContent) => WalletContent): Promise<void> {
  await ctx.vault.change(edit, { takesBack: true }).catch(() => undefined);
}

import { verifyVote } from '../../crypto/signature.ts';
import { claimTargets } from '../../ledger/chain/claim.ts';
import { attachClaim, type ReceiptVerdict, verifyReceipt } from '../../ledger/chain/receipt.ts';
import { parseTrustRoot } from '../../ledger/chain/trust-root.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { TxId } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';

/** The receipt of a transaction, verified. Throws TX_UNKNOWN, RECEIPT_INVALID, GATEWAY_LIED. */
export async function receiptOfTx(
  ctx: Context,
  txId: TxId,
  { signal }: WorkOptions = {},
): Promise<Uint8Array> {
  const receipt = await ctx.gateway.receipt(txId, signal);
  const verdict = await ctx.verifyReceipt(receipt);
  if (verdict.txId !== txId) throw new CodedError('GATEWAY_LIED', { txId });
  return receipt;
}

/** The receipt of the anchor of one record, opened for this record: it shows class, size and body's id. */
export async function receiptOfItem(
  ctx: Context,
  item: LiveItem,
  options: WorkOptions = {},
): Promise<Uint8Array> {
  const receipt = await receiptOfTx(ctx, item.txId, options);
  const { tx } = await ctx.verifyReceipt(receipt);
  const act = claimTargets(tx).findIndex(
    (target) => target?.kind === 'root' && equalBytes(target.root, item.root),
  );
  const { salt, leafContent, index, path } = item;
  const claimed = attachClaim(receipt, {
    kind: 'leaf',
    act: Math.max(act, 0),
    salt,
    content: leafContent,
    index,
    path,
  });
  await ctx.verifyReceipt(claimed);
  return claimed;
}

/** Checks a receipt offline against a trust root alone. Throws RECEIPT_INVALID, TRUST_ROOT_WRONG. */
export function checkReceipt(receipt: Uint8Array, trustRootJson: string): Promise<ReceiptVerdict> {
  return verifyReceipt(receipt, parseTrustRoot(trustRootJson), verifyVote);
}

import { claimTargets } from '../../ledger/chain/claim.ts';
import { attachClaim } from '../../ledger/chain/receipt.ts';
import { pathIn } from '../../ledger/multiproof.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { RecordId, TxId } from '../../primitives/ids.ts';
import type { LiveItem } from '../client/check-rows.ts';
import type { Context, WorkOptions } from '../client/context.ts';

/** The receipt of a transaction, verified. Throws TX_UNKNOWN, RECEIPT_INVALID, GATEWAY_LIED. */
export async function receiptOfTx(
  ctx: Context,
  txId: TxId,
  { signal }: WorkOptions = {},
): Promise<Uint8Array> {
  const receipt = await ctx.receipt(txId, signal);
  const verdict = await ctx.verifyReceipt(receipt);
  if (verdict.txId !== txId) throw new CodedError('GATEWAY_LIED', { txId });
  return receipt;
}

/** The receipt of the anchor of one record, opened for this record: it shows class, size and body's id. */
async function receiptOfItem(
  ctx: Context,
  item: LiveItem,
  options: WorkOptions = {},
): Promise<Uint8Array> {
  return claimedReceipt(ctx, await receiptOfTx(ctx, item.txId, options), item);
}

/** The receipt of an anchor, opened for one of its items. Throws RECEIPT_INVALID. */
export async function claimedReceipt(
  ctx: Context,
  receipt: Uint8Array,
  item: LiveItem,
): Promise<Uint8Array> {
  const { tx } = await ctx.verifyReceipt(receipt);
  const act = claimTargets(tx).findIndex(
    (target) => target?.kind === 'root' && equalBytes(target.root, item.root),
  );
  const { salt, leafContent, index } = item;
  const path = pathIn(item.proof, index);
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

/**
 * As `receiptOfItem`: of one own record by its id, or of a record that was read, by its row.
 * Throws RECORD_UNKNOWN, and what `receiptOfTx` throws.
 */
export async function receiptOfRecord(
  ctx: Context,
  record: RecordId | LiveItem,
  options: WorkOptions = {},
): Promise<Uint8Array> {
  const row =
    typeof record === 'string' ? (await ctx.rows.refresh(options.signal)).liveOf(record) : record;
  if (row === undefined) throw new CodedError('RECORD_UNKNOWN');
  return receiptOfItem(ctx, row, options);
}

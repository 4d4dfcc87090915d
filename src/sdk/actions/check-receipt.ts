import { verifyVote } from '../../crypto/signature.ts';
import { type ReceiptVerdict, verifyReceipt } from '../../ledger/chain/receipt.ts';
import { parseTrustRoot } from '../../ledger/chain/trust-root.ts';

/**
 * Checks a receipt offline against a trust root alone, and returns what it proves (`explainReceipt` puts it in
 * words). Throws RECEIPT_INVALID, TRUST_ROOT_WRONG. Source: docs/protocol/receipts.md.
 */
export function checkReceipt(receipt: Uint8Array, trustRootJson: string): Promise<ReceiptVerdict> {
  return verifyReceipt(receipt, parseTrustRoot(trustRootJson), verifyVote);
}

/**
 * What a program imports that checks receipts and does nothing else: no network, no wallet, no clock, and
 * once built nothing of Node, so that it runs wherever JavaScript does. Source: docs/protocol/receipts.md.
 */

export { isReceiptBundle } from '../api/receipt-bundle.ts';
export type { Code, Kind } from '../codes/index.ts';
export { verifyVote } from '../crypto/signature.ts';
export type { ReceiptVerdict } from '../ledger/chain/receipt.ts';
export { CodedError, type ErrorDetails, isCoded } from '../primitives/errors.ts';
export {
  type Belief,
  type CheckedReceipt,
  checkReceiptFile,
  type ProvenName,
} from './actions/check-bundle.ts';
export { checkReceipt } from './actions/check-receipt.ts';
export {
  type ExplainedReceipt,
  explainReceipt,
  type ReceiptFacts,
} from './actions/explain-receipt.ts';

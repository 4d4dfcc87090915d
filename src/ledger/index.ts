/**
 * What a program imports that reads the ledger itself, an explorer or an auditor: acts and transactions,
 * blocks and headers, trust roots and receipts. Pure: it asks nobody, and signatures are checked by what it
 * is handed.
 */
export { CodedError, isCoded } from '../primitives/errors.ts';
export { type Claim, decodeClaim } from './chain/claim.ts';
export { type Commit, decodeCommit } from './chain/commit.ts';
export { decodeHeader, type Header, headerHash } from './chain/header.ts';
export {
  type SignedHeaderParts,
  type VerifyVote,
  verifyNext,
  verifySigned,
  verifyState,
} from './chain/light-client.ts';
export {
  decodeReceipt,
  type Receipt,
  type ReceiptVerdict,
  verifyReceipt,
} from './chain/receipt.ts';
export { parseTrustRoot, type TrustRoot } from './chain/trust-root.ts';
export { decodeTx, readTxBody, type UnknownAct } from './codec.ts';
export { type Genesis, genesisHash, parseGenesis } from './genesis.ts';
export { type Act, acts } from './protocol.ts';
export { type RefusalCode, refusalOf } from './refusals.ts';
export { type Role, roles } from './roles.ts';
export type { LogName } from './shapes.ts';
export type { Tx, TxBody } from './tx.ts';

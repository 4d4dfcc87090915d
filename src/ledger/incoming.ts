import { isCoded } from '../primitives/errors.ts';
import type { TxId } from '../primitives/ids.ts';
import { bodyOfTx, decodeTx, txIdOfBytes } from './codec.ts';
import { isRefusalCode, type RefusalCode } from './refusals.ts';
import type { Tx } from './tx.ts';

/** What the bytes of a block turn out to be. */
export type IncomingTx =
  | {
      readonly txId: TxId;
      readonly tx: Tx /** As it travelled: what is signed. */;
      readonly body: Uint8Array;
    }
  | { readonly txId: TxId; readonly code: RefusalCode };

/** How the signatures of a transaction were judged, outside the rules. */
export interface Verdict {
  /** Every signature of the transaction itself holds. */
  readonly isSigned: boolean;
  /** Acts, by index, of which everything holds that they require outside the rules. */
  readonly proven: ReadonlySet<number>;
}

/** A transaction that is ready for the rules. */
export type VerifiedTx =
  | { readonly txId: TxId; readonly tx: Tx; readonly verdict: Verdict }
  | { readonly txId: TxId; readonly code: RefusalCode };

/** Decodes without throwing: undecodable bytes in a block are refused, the same on every node. */
export function readIncomingTx(
  bytes: Uint8Array,
  maxBytes: number,
  txId: TxId = txIdOfBytes(bytes),
): IncomingTx {
  if (bytes.length > maxBytes) return { txId, code: 'TX_TOO_LARGE' };
  try {
    return { txId, tx: decodeTx(bytes), body: bodyOfTx(bytes) };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { txId, code: isRefusalCode(error.code) ? error.code : 'TX_UNDECODABLE' };
  }
}

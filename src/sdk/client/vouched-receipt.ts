import { decodeReceipt } from '../../ledger/chain/receipt.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { TxId } from '../../primitives/ids.ts';
import { witnessWaitsMs } from '../ledger/vouching.ts';
import type { GatewayClient } from './gateway-client.ts';
import { pause } from './http.ts';

/**
 * A receipt as soon as it carries signatures of as many witnesses as the trust root asks for: they sign a header some moments after
 * it was made. None of them is verified here. Throws TX_UNKNOWN, RECEIPT_INVALID, WITNESSES_FEW {count, quorum}.
 */
export async function vouchedReceipt(
  gateway: GatewayClient,
  { quorum = 0, witnesses: named }: TrustRoot,
  txId: TxId,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  let count = 0;
  for (const waitMs of [...witnessWaitsMs, undefined]) {
    const receipt = await gateway.receipt(txId, signal);
    if (quorum === 0) return receipt;
    const keys = decodeReceipt(receipt).witnesses.map((it) => bytesToHex(it.publicKey));
    count = new Set(keys.filter((key) => named.includes(key))).size;
    if (count >= quorum) return receipt;
    if (waitMs !== undefined) await pause(waitMs, signal);
  }
  throw new CodedError('WITNESSES_FEW', { count, quorum });
}

import { verifyVote } from '../../crypto/signature.ts';
import { headerHashBytes } from '../../ledger/chain/header.ts';
import { attachWitness, decodeReceipt, verifyReceipt } from '../../ledger/chain/receipt.ts';
import type { TrustRoot } from '../../ledger/chain/trust-root.ts';
import { bytesToHex, equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { WitnessRecord } from './record.ts';

/**
 * Adds this witness's signature to a receipt that holds. Throws WITNESS_SILENT: it did not sign header H + 1;
 * LEDGER_FORKED: it knows another one of that height; and what `verifyReceipt` throws.
 * Source: docs/protocol/following.md, rule F-9.
 */
export async function cosign(
  receipt: Uint8Array,
  {
    record,
    publicKey,
    trustRoot,
  }: {
    readonly record: WitnessRecord;
    readonly publicKey: Uint8Array;
    readonly trustRoot: TrustRoot;
  },
): Promise<{ readonly receipt: Uint8Array; readonly height: number }> {
  // Before it is signed it may have too few.
  const { quorum: _, ...root } = trustRoot;
  await verifyReceipt(receipt, root, verifyVote);
  const { nextHeader } = decodeReceipt(receipt);
  const { height } = nextHeader;
  const known = record.header(height);
  const shown = headerHashBytes(nextHeader);
  if (known !== undefined && !equalBytes(known.headerHash, shown)) {
    const hashes = { known: bytesToHex(known.headerHash), shown: bytesToHex(shown) };
    throw new CodedError('LEDGER_FORKED', { height, ...hashes });
  }
  if (known?.signature === undefined) throw new CodedError('WITNESS_SILENT', { height });
  const { signature } = known;
  return { receipt: attachWitness(receipt, { publicKey, signature }), height };
}

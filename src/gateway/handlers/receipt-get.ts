import { receiptGet } from '../../api/routes/receipt-get.ts';
import { attachWitnesses, decodeReceipt } from '../../ledger/chain/receipt.ts';
import { handler } from '../handler.ts';

/** A proof of the state after a block is in the next one: so long it may take. */
const receiptWaitMs = 10_000;

/**
 * CBOR as the engine made it, with the signatures of witnesses that were handed over. Throws TX_UNKNOWN, COMMIT_TIMEOUT (no
 * block came that proves it). Source: rule H-7.
 */
export const handleReceiptGet = handler(receiptGet, async ({ gateway, params, reply }) => {
  const receipt = await gateway.options.engine.receipt(params.id, receiptWaitMs);
  const witnesses = gateway.cosignatures.of(decodeReceipt(receipt).nextHeader.height);
  const whole = attachWitnesses(receipt, witnesses);
  return reply.type(receiptGet.media).send(Buffer.from(whole));
});

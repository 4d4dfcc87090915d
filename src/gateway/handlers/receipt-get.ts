import { receiptGet } from '../../api/routes/receipt-get.ts';
import { handler } from '../handler.ts';

/** A proof of the state after a block is in the next one: so long it may take. */
const receiptWaitMs = 10_000;

/** CBOR as the engine made it. Throws TX_UNKNOWN, COMMIT_TIMEOUT (no block came that proves it). Source: rule H-7. */
export const handleReceiptGet = handler(receiptGet, async ({ gateway, params, reply }) => {
  const receipt = await gateway.options.engine.receipt(params.id, receiptWaitMs);
  return reply.type(receiptGet.media).send(Buffer.from(receipt));
});

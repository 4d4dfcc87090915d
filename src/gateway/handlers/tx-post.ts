import { bytesOfText } from '../../api/message-parts.ts';
import { txPost } from '../../api/routes/tx-post.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { refusedTx } from '../act-sender.ts';
import { handler } from '../handler.ts';
import { outcomeMessage } from '../ledger-messages.ts';

/**
 * Waits for the block, and until this gateway has indexed it. Throws the ledger’s refusal, COMMIT_TIMEOUT. Source:
 * rule H-7.
 */
export const handleTxPost = handler(txPost, async ({ gateway, query, body }) => {
  const { engine } = gateway.options;
  const { code, txId } = await engine.submit(bytesOfText(body.tx));
  if (code !== 0) throw refusedTx(code, txId);
  const outcome = await engine.waitCommit(txId, query.waitMs).catch((error: unknown) => {
    throw isCoded(error, 'COMMIT_TIMEOUT') ? new CodedError('COMMIT_TIMEOUT', { txId }) : error;
  });
  // What this client did next here must not meet an older state.
  await gateway.index.reached(outcome.height);
  if (outcome.result.code !== 0) throw refusedTx(outcome.result.code, txId, outcome.result.data);
  return outcomeMessage(outcome);
});

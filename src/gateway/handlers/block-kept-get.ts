import { blockKeptGet } from '../../api/routes/block-kept-get.ts';
import { CodedError } from '../../primitives/errors.ts';
import { handler } from '../handler.ts';

/** Throws HEIGHT_UNKNOWN (also on an engine that has no members to hand them to), HISTORY_MISSING. Source: rule CB-15. */
export const handleBlockKeptGet = handler(blockKeptGet, async ({ gateway, params, reply }) => {
  const { engine } = gateway.options;
  const { height } = params;
  if (engine.keptBlock === undefined) throw new CodedError('HEIGHT_UNKNOWN', { height });
  const bytes = await engine.keptBlock(height);
  return reply.type('application/cbor').send(Buffer.from(bytes));
});

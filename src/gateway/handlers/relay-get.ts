import { relayGet } from '../../api/routes/relay-get.ts';
import { handler } from '../handler.ts';

/** Throws NOT_FOUND, RATE_LIMITED. Source: docs/protocol/devices.md, rule D-7. */
export const handleRelayGet = handler(relayGet, async ({ gateway, params, query, reply }) => {
  const gone = new AbortController();
  const leave = () => gone.abort();
  reply.raw.once('close', leave);
  const { session, slot } = params;
  const waiting = { waitMs: query.waitMs, gone: gone.signal };
  const bytes = await gateway.relay.read(session, slot, waiting);
  reply.raw.off('close', leave);
  return reply.type(relayGet.media).send(Buffer.from(bytes));
});

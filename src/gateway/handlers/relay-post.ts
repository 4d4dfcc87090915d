import { relayPost } from '../../api/routes/relay-post.ts';
import { statedLength, wholeBody } from '../body-stream.ts';
import { handler } from '../handler.ts';

/** Throws NOT_FOUND, BODY_TOO_LARGE, RATE_LIMITED, STORE_BUSY. Source: docs/protocol/devices.md, rule D-7. */
export const handleRelayPost = handler(relayPost, async ({ gateway, caller, params, request }) => {
  const length = statedLength(request.headers);
  const { account } = caller;
  const announced = gateway.relay.announce(params.session, params.slot, { account, length });
  try {
    announced.write(await wholeBody(request, { most: length, signal: announced.signal }));
    return { ok: true as const };
  } finally {
    announced.done();
  }
});

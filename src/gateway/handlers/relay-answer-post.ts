import { relayAnswerPost } from '../../api/routes/relay-answer-post.ts';
import { statedLength, wholeBody } from '../body-stream.ts';
import { handler } from '../handler.ts';

/** Throws NOT_FOUND, BODY_TOO_LARGE, STORE_BUSY. Source: docs/protocol/devices.md, rule D-7. */
export const handleRelayAnswerPost = handler(
  relayAnswerPost,
  async ({ gateway, params, request }) => {
    const length = statedLength(request.headers);
    const sender = { account: undefined, length };
    const announced = gateway.relay.announce(params.session, params.slot, sender);
    try {
      announced.write(await wholeBody(request, { most: length, signal: announced.signal }));
      return { ok: true as const };
    } finally {
      announced.done();
    }
  },
);

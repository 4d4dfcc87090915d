import { wholeBody } from '../../../../gateway/body-stream.ts';
import { openHandler } from '../../../../gateway/handler.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import { Shares } from '../../../../primitives/shares.ts';
import { Tally } from '../../../../primitives/tally.ts';
import {
  dataServerRelayPost,
  relayedAtOnce,
  relayedPerMinute,
} from '../../api/routes/data-server-relay-post.ts';
import { dataServerRelay } from '../relay-part.ts';

/** One person's flood is his own, and takes none of his other words from him. Source: rules VS-3a and VS-3b. */
export const handleDataServerRelayPost = openHandler(dataServerRelayPost, ({ now }) => {
  const passed = new Tally(now, 60_000);
  const underWay = new Shares(relayedAtOnce);
  return async ({ gateway, caller, params, request, reply }) => {
    const asker = `${caller.account} ${params.word} ${params.server}`;
    if (!passed.take(asker, relayedPerMinute)) throw new CodedError('RATE_LIMITED');
    const { account } = caller;
    // An answer is in memory as a whole, and a server takes as long over it as it likes.
    if (!underWay.take(account)) throw new CodedError('STORE_BUSY');
    reply.raw.once('close', () => underWay.give(account));
    const bytes = await wholeBody(request, { most: dataServerRelayPost.bodyBytes });
    const left = new AbortController();
    reply.raw.once('close', () => left.abort());
    const relay = gateway.parts.get(dataServerRelay);
    const answer = await relay.pass({ ...params, bytes, signal: left.signal });
    // Of one type whatever the server says of it: nothing of another's is a page at this address.
    return reply
      .type(dataServerRelayPost.media)
      .header('cache-control', 'no-store')
      .send(Buffer.from(answer));
  };
});

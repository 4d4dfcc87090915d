import { wholeBody } from '../../../../gateway/body-stream.ts';
import { handler } from '../../../../gateway/handler.ts';
import { dataServerRelayPost } from '../../api/routes/data-server-relay-post.ts';
import { dataServerRelay } from '../relay-part.ts';

/** Source: rule VS-3a. */
export const handleDataServerRelayPost = handler(
  dataServerRelayPost,
  async ({ gateway, params, request, reply }) => {
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
  },
);

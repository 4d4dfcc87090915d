import { itemsPost } from '../../api/routes/items-post.ts';
import { wholeBody } from '../body-stream.ts';
import { isForwarded } from '../caller.ts';
import { handler } from '../handler.ts';

/** Checked row by row before one is kept. Source: rule H-9. */
export const handleItemsPost = handler(itemsPost, async ({ gateway, request }) => {
  const encoded = await wholeBody(request, { most: itemsPost.bodyBytes });
  // The session may have ended while the body came.
  const session = gateway.sessions.require(request.headers.authorization);
  return gateway.deliveries.accept(encoded, session, isForwarded(request));
});

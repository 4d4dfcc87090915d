import { itemsPost } from '../../api/routes/items-post.ts';
import { isForwarded } from '../caller.ts';
import { handler } from '../handler.ts';

/** Checked row by row before one is kept. Source: rule H-9. */
export const handleItemsPost = handler(itemsPost, ({ gateway, caller, body, request }) =>
  gateway.deliveries.accept(body, caller, isForwarded(request)),
);

import { lookupPost } from '../../api/routes/lookup-post.ts';
import { handler } from '../handler.ts';

/** Source: rule H-19. */
export const handleLookupPost = handler(lookupPost, ({ gateway, body }) =>
  gateway.desk.lookUp(body.who),
);

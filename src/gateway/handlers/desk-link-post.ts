import { deskLinkPost } from '../../api/routes/desk-link-post.ts';
import { handler } from '../handler.ts';

/** Source: rule H-31. */
export const handleDeskLinkPost = handler(deskLinkPost, ({ gateway }) =>
  gateway.deskSessions.link(),
);

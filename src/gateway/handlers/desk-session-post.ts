import { deskSessionPost } from '../../api/routes/desk-session-post.ts';
import { handler } from '../handler.ts';

/** Source: rule H-31. */
export const handleDeskSessionPost = handler(deskSessionPost, ({ gateway, body }) => ({
  ...gateway.deskSessions.open(body.link),
  hospital: gateway.options.name,
}));

import { invitationsPost } from '../../api/routes/invitations-post.ts';
import { handler } from '../handler.ts';

/** The code is kept as its hash: nobody can read it here later. Source: rule H-13. */
export const handleInvitationsPost = handler(invitationsPost, ({ gateway, body }) =>
  gateway.desk.invite(body),
);

import { invitationsPost } from '../../api/routes/invitations-post.ts';
import { handler } from '../handler.ts';

export const handleInvitationsPost = handler(invitationsPost, ({ gateway, body }) => ({
  invitation: gateway.enrolment.invite(body.role),
}));

import { invitationCodePost } from '../../api/routes/invitation-code-post.ts';
import { handler } from '../handler.ts';

/** Throws NOT_FOUND, INVITATION_USED, INVITATION_BUSY. Source: rule H-19. */
export const handleInvitationCodePost = handler(invitationCodePost, ({ gateway, params }) =>
  gateway.desk.reissue(params.id),
);

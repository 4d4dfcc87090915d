import { invitationsGet } from '../../api/routes/invitations-get.ts';
import { handler } from '../handler.ts';

/** Throws REQUEST_INVALID (the cursor). Source: rule H-19. */
export const handleInvitationsGet = handler(invitationsGet, ({ gateway, query }) =>
  gateway.desk.list({ isAll: query.all === '1', cursor: query.cursor }),
);

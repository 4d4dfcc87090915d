import { invitationDelete } from '../../api/routes/invitation-delete.ts';
import { handler } from '../handler.ts';

/** Throws NOT_FOUND, INVITATION_USED. Source: rule H-19. */
export const handleInvitationDelete = handler(invitationDelete, async ({ gateway, params }) => {
  await gateway.desk.cancel(params.id);
  return { ok: true } as const;
});

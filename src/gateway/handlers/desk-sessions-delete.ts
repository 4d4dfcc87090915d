import { deskSessionsDelete } from '../../api/routes/desk-sessions-delete.ts';
import { handler } from '../handler.ts';

/** Source: rule H-31. */
export const handleDeskSessionsDelete = handler(deskSessionsDelete, ({ gateway }) => ({
  ended: gateway.deskSessions.endAll(),
}));

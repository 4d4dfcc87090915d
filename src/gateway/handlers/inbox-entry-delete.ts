import { inboxEntryDelete } from '../../api/routes/inbox-entry-delete.ts';
import { handler } from '../handler.ts';

/** Throws NOT_FOUND, also for what waits for somebody else. Source: rule H-11. */
export const handleInboxEntryDelete = handler(inboxEntryDelete, ({ gateway, caller, params }) => {
  gateway.inbox.delete(caller.account, params.id);
  return { ok: true as const };
});

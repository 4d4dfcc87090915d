import { inboxGet } from '../../api/routes/inbox-get.ts';
import { handler } from '../handler.ts';

/** Notices of the newest block are among them. Source: rule H-11. */
export const handleInboxGet = handler(inboxGet, async ({ gateway, caller, query }) => {
  await gateway.index.caughtUp();
  return gateway.inbox.list(caller.account, query.after);
});

import { inboxGet } from '../../api/routes/inbox-get.ts';
import { handler } from '../handler.ts';

export const handleInboxGet = handler(inboxGet, async ({ gateway, caller, query }) => {
  await gateway.index.caughtUp();
  return gateway.inbox.list(caller.account, query.after);
});

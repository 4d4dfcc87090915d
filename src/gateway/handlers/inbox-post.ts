import { bytesOfText } from '../../api/message-parts.ts';
import { inboxPost } from '../../api/routes/inbox-post.ts';
import { CodedError } from '../../primitives/errors.ts';
import { isForwarded } from '../caller.ts';
import { handler } from '../handler.ts';

/** Kept here for accounts of this hospital, passed on once for those of another. Throws NOT_FOUND. Source: rule H-11. */
export const handleInboxPost = handler(inboxPost, async ({ gateway, body, request }) => {
  const { organisation } = gateway.options;
  const travelling = bytesOfText(body.message);
  const message = await gateway.inbox.check(travelling);
  const home = (await gateway.view.account(message.to))?.organisation;
  if (home === undefined) throw new CodedError('NOT_FOUND');
  if (home === organisation) {
    gateway.inbox.receive(travelling, message);
    return { ok: true as const };
  }
  if (isForwarded(request)) throw new CodedError('NOT_FOUND');
  return gateway.peers.passOn(home, inboxPost, { body }, message.from);
});

import { sessionPost } from '../../api/routes/session-post.ts';
import { handler } from '../handler.ts';

/** A challenge for every well-formed account, enrolled or not; a session for who answers it. Source: rule H-6. */
export const handleSessionPost = handler(sessionPost, ({ gateway: { sessions }, body }) =>
  'signature' in body ? sessions.open(body) : { challenge: sessions.challenge(body.account) },
);

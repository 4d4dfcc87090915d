import { sessionPost } from '../../api/routes/session-post.ts';
import { handler } from '../handler.ts';

export const handleSessionPost = handler(sessionPost, ({ gateway: { sessions }, body }) =>
  'signature' in body ? sessions.open(body) : { challenge: sessions.challenge(body.account) },
);

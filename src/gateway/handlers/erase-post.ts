import { bytesOfText } from '../../api/message-parts.ts';
import { erasePost } from '../../api/routes/erase-post.ts';
import { handler } from '../handler.ts';
import { sendMany } from '../long-answer.ts';

/** Whoever signed the order must own every leaf of it. Source: rule H-12. */
export const handleErasePost = handler(erasePost, async ({ gateway, body, reply }) =>
  sendMany(reply, 'erased', await gateway.erasure.erase(bytesOfText(body.erase))),
);

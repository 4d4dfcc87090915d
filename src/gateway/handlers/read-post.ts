import { readPost } from '../../api/routes/read-post.ts';
import { isForwarded } from '../caller.ts';
import { handler } from '../handler.ts';

export const handleReadPost = handler(readPost, ({ gateway, body, request }) =>
  gateway.reads.serve(body.request, isForwarded(request)),
);

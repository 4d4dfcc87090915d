import { readPost } from '../../api/routes/read-post.ts';
import { isForwarded } from '../caller.ts';
import { handler } from '../handler.ts';

/** Whoever signed the request is the reader; the look stands on the ledger first. Source: reading.md, rules. */
export const handleReadPost = handler(readPost, ({ gateway, body, request }) =>
  gateway.reads.serve(body.request, isForwarded(request)),
);

import { Readable } from 'node:stream';
import { readPost } from '../../api/routes/read-post.ts';
import { readPieces } from '../../api/rows.ts';
import { isForwarded } from '../caller.ts';
import { handler } from '../handler.ts';
import { sendPieces } from '../long-answer.ts';

/** Whoever signed the request is the reader; the look stands on the ledger first. Source: reading.md, rules. */
export const handleReadPost = handler(readPost, async ({ gateway, body, request, reply }) => {
  const answer = await gateway.reads.serve(body.request, isForwarded(request));
  void reply.type(readPost.media);
  if (!(answer instanceof Response)) return sendPieces(reply, readPieces(answer));
  // What another hospital answered goes through as it comes: the reader checks it, not we.
  const piped = answer.body === null ? '' : Readable.fromWeb(answer.body);
  return reply.send(piped);
});

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { blobGet, ticketHeader } from '../../api/routes/blob-get.ts';
import { CodedError } from '../../primitives/errors.ts';
import { isForwarded } from '../caller.ts';
import { type Asked, handler } from '../handler.ts';
import { mayFetch } from '../parts/reading/blob-decision.ts';
import { parseRange } from '../range.ts';

/** Sealed bodies out, as streams. Source: docs/protocol/http.md, rule H-5 and reading.md, rule R-11. */
export const handleBlobGet = handler(blobGet, async (asked) => {
  const { gateway, params, query, request, reply } = asked;
  const { id } = params;
  const { at } = query;
  if (at !== undefined && at !== gateway.options.organisation && !isForwarded(request)) {
    // Only for those who are enrolled: this hospital asks in its own name.
    gateway.sessions.require(request.headers.authorization);
    const wanted = { range: request.headers.range, ticket: ticketOf(request) };
    return passOn(reply, await gateway.peers.blob(at, id, wanted));
  }
  await requireFetch(asked);
  return serve(asked);
});

/**
 * Throws BLOB_UNKNOWN, the same for what is not stored and for what is not shared: all is looked up each time, so
 * that neither the answer nor the work for it tells which.
 */
async function requireFetch(asked: Asked<typeof blobGet>): Promise<void> {
  const {
    gateway: { index, sets, rows, tickets, options },
    caller,
    params: { id },
    request,
  } = asked;
  await index.caughtUp();
  const isStored = await options.blobs.has(id);
  const isSharedSet = await sets.isShared(id);
  const shown = tickets.chartOf(ticketOf(request), id);
  const allowed = mayFetch({
    isSignedIn: caller !== undefined,
    isSharedSet,
    isOwners: caller !== undefined && rows.isBodyOf(caller.account, id),
    hasTicket: shown !== undefined && rows.isBodyOf(shown, id),
  });
  if (!(allowed && isStored)) throw new CodedError('BLOB_UNKNOWN', { blobId: id });
}

async function serve(asked: Asked<typeof blobGet>): Promise<FastifyReply> {
  const {
    gateway,
    params: { id },
    request,
    reply,
  } = asked;
  const { blobs } = gateway.options;
  const size = await blobs.size(id);
  const range = parseRange(request.headers.range, size);
  const { from, to } = range ?? { from: 0, to: size };
  void reply
    .code(range === undefined ? 200 : 206)
    .type(blobGet.media)
    .header('accept-ranges', 'bytes')
    .header('content-length', to - from)
    .header('cache-control', 'private, no-store');
  if (range !== undefined) void reply.header('content-range', `bytes ${from}-${to - 1}/${size}`);
  return reply.send(Readable.from(blobs.readStream(id, { from, to }), { objectMode: false }));
}

function passOn(reply: FastifyReply, answer: Response): FastifyReply {
  void reply.code(answer.status).type(blobGet.media);
  for (const name of ['content-length', 'content-range', 'accept-ranges']) {
    const value = answer.headers.get(name);
    if (value !== null) void reply.header(name, value);
  }
  void reply.header('cache-control', 'private, no-store');
  return reply.send(answer.body === null ? '' : Readable.fromWeb(answer.body));
}

function ticketOf(request: FastifyRequest): string | undefined {
  const ticket = request.headers[ticketHeader];
  return typeof ticket === 'string' ? ticket : undefined;
}

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { blobParams, blobQuery, storedAnswer } from '../../api/items.ts';
import { carMediaType, routePaths, ticketHeader } from '../../api/paths.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { decodeCar } from '../../storage/car.ts';
import type { Gateway } from '../gateway.ts';
import { mayFetch } from '../parts/reading/blob-decision.ts';
import { parseRange } from '../range.ts';
import { type App, bearer, bytesAnswer, isForwarded, refusals, sessionOf } from './kinds.ts';

/** Sealed bodies in and out, as streams. Source: docs/protocol/http.md, rule H-5 and reading.md, rule R-11. */
export function blobRoutes(app: App, gateway: Gateway): void {
  const { blobs } = gateway.options;

  app.post(
    routePaths.blobs,
    {
      schema: {
        summary: 'Store many blobs of at most 1 MiB (a CAR stream)',
        security: bearer,
        consumes: [carMediaType],
        response: { 200: storedAnswer, ...refusals },
      },
    },
    async (request) => {
      const { account } = sessionOf(gateway, request);
      const source = decodeCar(streamOf(request.body));
      return { stored: await blobs.putMany(source, { owner: account }) };
    },
  );

  app.put(
    routePaths.blob,
    {
      schema: {
        summary: 'Store one blob',
        security: bearer,
        consumes: ['application/octet-stream'],
        params: blobParams,
        response: { 200: storedAnswer, ...refusals },
      },
    },
    async (request) => {
      const { account } = sessionOf(gateway, request);
      const options = { owner: account, expectedId: request.params.id };
      return { stored: [await blobs.put(streamOf(request.body), options)] };
    },
  );

  app.get(
    routePaths.blob,
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'A blob, or a range of it',
        security: bearer,
        params: blobParams,
        querystring: blobQuery,
        produces: ['application/octet-stream'],
        response: { 200: bytesAnswer, ...refusals },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { at } = request.query;
      if (at !== undefined && at !== gateway.options.organisation && !isForwarded(request)) {
        // Only for those who are enrolled: this hospital asks in its own name.
        sessionOf(gateway, request);
        const wanted = { range: request.headers.range, ticket: ticketOf(request) };
        return passOn(reply, await gateway.peers.blob(at, id, wanted));
      }
      await requireFetch(gateway, request, id);
      return serve(gateway, request, reply, id);
    },
  );
}

/** Throws BLOB_UNKNOWN, the same for what is not stored and for what is not shared. */
async function requireFetch(gateway: Gateway, request: FastifyRequest, id: BlobId): Promise<void> {
  await gateway.index.caughtUp();
  const session = gateway.sessions.find(request.headers.authorization);
  const allowed = mayFetch({
    isSignedIn: session !== undefined,
    isSharedSet: gateway.sets.has(id),
    isOwners: session !== undefined && gateway.rows.isBlobOf(session.account, id),
    hasTicket: gateway.tickets.covers(ticketOf(request), id),
  });
  if (!allowed || !(await gateway.options.blobs.has(id))) {
    throw new CodedError('BLOB_UNKNOWN', { blobId: id });
  }
}

async function serve(
  gateway: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
  id: BlobId,
): Promise<FastifyReply> {
  const { blobs } = gateway.options;
  const size = await blobs.size(id);
  const range = parseRange(request.headers.range, size);
  const { from, to } = range ?? { from: 0, to: size };
  void reply
    .code(range === undefined ? 200 : 206)
    .type('application/octet-stream')
    .header('accept-ranges', 'bytes')
    .header('content-length', to - from)
    .header('cache-control', 'private, no-store');
  if (range !== undefined) void reply.header('content-range', `bytes ${from}-${to - 1}/${size}`);
  return reply.send(Readable.from(blobs.readStream(id, { from, to }), { objectMode: false }));
}

function passOn(reply: FastifyReply, answer: Response): FastifyReply {
  void reply.code(answer.status).type('application/octet-stream');
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

/** The body as it comes; the parsers of `server.ts` hand streams through. */
function streamOf(body: unknown): AsyncIterable<Uint8Array> {
  if (!(body instanceof Readable)) throw new CodedError('REQUEST_INVALID', { at: 'content-type' });
  return body;
}

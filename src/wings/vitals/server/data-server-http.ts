import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { handleError } from '../../../gateway/errors.ts';
import { networkOf } from '../../../gateway/network.ts';
import { describeRoutes, optionsOf } from '../../../gateway/serve.ts';
import { Tally } from '../../../gateway/tally.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { DataServer } from '../node/data-server.ts';
import type { DataHandler } from '../node/handler.ts';
import { dataHandlers } from '../node/handlers/all.ts';

/** Of one network; what servers say to each other is not counted. */
const requestsPerMinute = 1_200;

/** The HTTP listener of one data server; closing it ends what is open. */
export async function createDataServerHttp(
  server: DataServer,
  handlers: readonly DataHandler[] = dataHandlers,
): Promise<FastifyInstance> {
  const app = fastify({
    frameworkErrors: (error, request, reply) => handleError(error, request, reply),
    bodyLimit: 64 * 1024,
    requestTimeout: 60_000,
    connectionTimeout: 120_000,
    keepAliveTimeout: 20_000,
    forceCloseConnections: true,
  });
  app.server.headersTimeout = 15_000;
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(() => {
    throw new CodedError('NOT_FOUND');
  });
  app.decorateRequest('refusedAs', '');
  await describeRoutes(app);
  app.addContentTypeParser('application/cbor', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.removeContentTypeParser('text/plain');
  const asked = new Tally(Date.now, 60_000);
  for (const handler of handlers) serve(app, server, handler, asked);
  return app;
}

function serve(
  app: FastifyInstance,
  server: DataServer,
  { route, serve: answer }: DataHandler,
  asked: Tally,
): void {
  app.route({
    ...optionsOf(route),
    onRequest: async (request) => {
      const network = networkOf(request.ip);
      if (route.neverLimited === true) return;
      const most = route.perMinute ?? requestsPerMinute;
      if (asked.count(network) >= most) throw new CodedError('RATE_LIMITED');
      asked.add(network);
    },
    handler: async (request, reply) => {
      const { params, query, body } = request;
      const bytes = bytesIn(request);
      const given = { server, params, query, body, bytes } as Parameters<DataHandler['serve']>[0];
      const answered = await answer(given).catch((error: unknown) => {
        server.tampering.suspect(error);
        throw error;
      });
      if (answered instanceof Uint8Array)
        return reply.type(route.media ?? 'application/cbor').send(Buffer.from(answered));
      return reply.send(answered);
    },
  });
}

const bytesIn = ({ body }: FastifyRequest): Uint8Array =>
  body instanceof Uint8Array ? new Uint8Array(body) : new Uint8Array(0);

import { isIP } from 'node:net';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { Connections, defaultConnectionLimits } from '../../../gateway/connections.ts';
import { handleError } from '../../../gateway/errors.ts';
import { networkOf, plainAddress, widerNetworkOf } from '../../../gateway/network.ts';
import { describeRoutes, optionsOf } from '../../../gateway/serve.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import { Tally } from '../../../primitives/tally.ts';
import {
  relayedPeople,
  relayedPerMinute,
  relayedRoutes,
} from '../api/routes/data-server-relay-post.ts';
import { halvesPost } from '../api/routes/halves-post.ts';
import { operatorPost } from '../api/routes/operator-post.ts';
import { pagesPost } from '../api/routes/pages-post.ts';
import { peerPost } from '../api/routes/peer-post.ts';
import { registrationsPost } from '../api/routes/registrations-post.ts';
import { statAskPost } from '../api/routes/stat-ask-post.ts';
import { statEncryptedPost } from '../api/routes/stat-encrypted-post.ts';
import { statKeysPost } from '../api/routes/stat-keys-post.ts';
import type { DataServer } from '../node/data-server.ts';
import { forgeryIn } from '../node/forged.ts';
import type { DataHandler } from '../node/handler.ts';
import { dataHandlers } from '../node/handlers/all.ts';
import { WaitingBodies } from './waiting-bodies.ts';

/** Of one network and route, where no gateway passes on; what servers say to each other is not counted. */
const requestsPerMinute = 1_200;
/** Of one network and all routes that no gateway passes on, statements between servers too, what was refused: it may have been anybody, and had the ledger asked who. */
const refusedPerMinute = relayedPeople * relayedPerMinute;
const mostBytes = 64 * 1024;
/** Where something is kept or done of what was sent. */
const writes: ReadonlySet<string> = new Set(
  [
    ...[registrationsPost, pagesPost, peerPost, operatorPost],
    ...[halvesPost, statAskPost, statKeysPost, statEncryptedPost],
  ].map(({ path }) => path),
);
const relayedPaths: ReadonlySet<string> = new Set(
  Object.values(relayedRoutes).map(({ path }) => path),
);

/**
 * The HTTP listener of one data server; closing it ends what is open. `isProxy`: whose word counts for where a caller comes from
 * (`x-forwarded-for`); nobody's unless told. Rule VS-3b.
 */
export async function createDataServerHttp(
  server: DataServer,
  { isProxy = () => false }: { readonly isProxy?: (address: string) => boolean } = {},
): Promise<FastifyInstance> {
  const app = fastify({
    frameworkErrors: (error, request, reply) => handleError(error, request, reply),
    bodyLimit: mostBytes,
    requestTimeout: 60_000,
    connectionTimeout: 120_000,
    keepAliveTimeout: 20_000,
    forceCloseConnections: true,
    trustProxy: isProxy,
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
  const connections = new Connections(app.server, defaultConnectionLimits, isProxy);
  app.addHook('preHandler', async ({ raw }) => connections.answering(raw.socket, false));
  app.addHook('onResponse', async ({ raw }) => connections.answered(raw.socket));
  const limits = {
    ...{ asked: new Tally(Date.now, 60_000), refused: new Tally(Date.now, 60_000) },
    bodies: new WaitingBodies(),
  };
  for (const handler of dataHandlers) serve(app, server, handler, limits);
  return app;
}

interface Limits {
  readonly asked: Tally;
  readonly refused: Tally;
  readonly bodies: WaitingBodies;
}

function serve(
  app: FastifyInstance,
  server: DataServer,
  { route, serve: answer }: DataHandler,
  { asked, refused, bodies }: Limits,
): void {
  const { path } = route;
  const isRelayed = relayedPaths.has(path);
  const most = isRelayed ? relayedPeople * relayedPerMinute : requestsPerMinute;
  app.route({
    ...optionsOf(route),
    onRequest: async (request, reply) => {
      const network = networkOf(request.ip);
      if (!isRelayed && refused.count(network) >= refusedPerMinute)
        throw new CodedError('RATE_LIMITED');
      // Each route by itself: who floods one takes the others, taking back among them, from nobody behind his address.
      const key = `${network} ${path}`;
      if (route.neverLimited !== true && asked.count(key) >= most)
        throw new CodedError('RATE_LIMITED');
      asked.add(key);
      bodies.admit(request, reply, route.bodyBytes ?? mostBytes);
    },
    handler: async (request, reply) => {
      const { params, query, body } = request;
      const bytes = bytesIn(request);
      const given = { server, params, query, body, bytes } as Parameters<DataHandler['serve']>[0];
      const answered = await answer(given).catch((error: unknown) => {
        if (!isRelayed) refused.add(networkOf(request.ip));
        server.tampering.suspect(error);
        if (writes.has(path))
          noteForgery(server, { request, route: `${route.method} ${path}`, error });
        throw error;
      });
      if (answered instanceof Uint8Array)
        return reply.type(route.media ?? 'application/cbor').send(Buffer.from(answered));
      return reply.send(answered);
    },
  });
}

/** Whoever writes in another's name is remembered by what the socket tells, or a proxy that was named. Rule VT-18. */
function noteForgery(
  server: DataServer,
  of: { readonly request: FastifyRequest; readonly route: string; readonly error: unknown },
): void {
  const { request, route, error } = of;
  const forgery = forgeryIn(error);
  if (forgery === undefined || !isCoded(error)) return;
  const { from, proxy } = callerOf(request);
  const claimed = forwardedFor(request);
  server.attempts.refused({
    ...{ from: from.slice(0, 64), proxy, port: request.raw.socket.remotePort ?? 0 },
    ...{ wide: widerNetworkOf(from), route, code: error.code, isSure: forgery.isSure },
    signer: forgery.signer,
    forwardedFor: claimed === from ? '' : claimed,
  });
}

/** `proxy`: the address of the one that says so; '': nobody passed it on who was named, or what he says is no address. */
function callerOf({ ip, ips = [ip] }: FastifyRequest): { from: string; proxy: string } {
  const [near = ip] = ips;
  const [from, by] = [plainAddress(ip), plainAddress(near)];
  return ips.length > 1 && isIP(from) !== 0 ? { from, proxy: by } : { from: by, proxy: '' };
}

/** An address and nothing else of what a header says; anybody can write one. */
function forwardedFor({ headers }: FastifyRequest): string {
  const said = headers['x-forwarded-for'] ?? headers.forwarded ?? '';
  const [first = ''] = String(said).slice(0, 256).split(/[,;]/, 1);
  const address = plainAddress(first.trim().replace(/^for=/i, '').replaceAll('"', ''));
  return isIP(address) === 0 ? '' : address;
}

const bytesIn = ({ body }: FastifyRequest): Uint8Array =>
  body instanceof Uint8Array ? new Uint8Array(body) : new Uint8Array(0);

import fastifyHelmet from '@fastify/helmet';
import fastifyRateLimit from '@fastify/rate-limit';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { CodedError } from '../primitives/errors.ts';
import { handleError } from './errors.ts';
import type { Gateway } from './gateway.ts';
import type { AnyHandler } from './handler.ts';
import { handlers as spine } from './handlers/all.ts';
import { healthOf, observeGateway } from './health.ts';
import type { Logger } from './logging.ts';
import type { Metrics } from './metrics.ts';
import { describeRoutes, serveRoute } from './serve.ts';

export interface ServerOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** One process may serve several hospitals, each below its own path; '' mounts one at the root. */
  readonly mounts: readonly { readonly prefix: string; readonly gateway: Gateway }[];
  /** What answers here beside the spine's own routes: those of wings. */
  readonly handlers?: readonly AnyHandler[];
  /** What a person sees at the address itself; without it, a line per hospital. */
  readonly page?: () => string;
  /** Processes that run beside this one, a line each for `/health`. */
  readonly processes?: () => readonly object[];
}

const defaultBodyBytes = 256 * 1024;

/**
 * The HTTP server around gateways: limits, headers, errors, logs, metrics and the description of the interface.
 * Closing it ends open event streams; the gateways are their owner's to close.
 * Source: docs/protocol/http.md, rules H-1 to H-5.
 */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = options.log;
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    // What fails before a route is known, an address that is no URL for one, has the same form of refusal.
    frameworkErrors: (error, request, reply) => handleError(error, request, reply),
    bodyLimit: defaultBodyBytes,
    // A 16 GiB upload may take hours; a silent socket may not.
    requestTimeout: 6 * 60 * 60_000,
    connectionTimeout: 120_000,
    keepAliveTimeout: 20_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 300 },
    trustProxy: false,
  });
  app.server.headersTimeout = 15_000;
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(() => {
    throw new CodedError('NOT_FOUND');
  });
  app.decorateRequest('refusedAs', '');
  await app.register(fastifyHelmet, helmetOptions);
  await describeRoutes(app);
  const handlers = [...spine, ...(options.handlers ?? [])];
  acceptBodies(app, handlers);
  observe(app, options);
  for (const { prefix, gateway } of options.mounts) {
    await app.register((scope) => mount(scope, gateway, handlers), { prefix });
  }
  rootRoutes(app, options);
  return app;
}

/** All routes of one gateway, below the limit of requests that its callers share. */
async function mount(
  app: FastifyInstance,
  gateway: Gateway,
  handlers: readonly AnyHandler[],
): Promise<void> {
  await app.register(fastifyRateLimit, {
    max: (request) => allowedTo(gateway, request),
    timeWindow: 60_000,
    keyGenerator: (request) => countedAs(gateway, request),
    errorResponseBuilder: () => new CodedError('RATE_LIMITED'),
  });
  for (const handler of handlers) serveRoute(app, gateway, handler);
}

/** An account that is signed in counts for itself, everybody else by address. */
function countedAs(gateway: Gateway, request: FastifyRequest): string {
  return gateway.sessions.find(request.headers.authorization)?.account ?? request.ip;
}

/** A hospital passes on what all of its people ask: it may ask more than one of them, each is counted where he signed. */
function allowedTo({ sessions, settings }: Gateway, { headers }: FastifyRequest): number {
  const isPeer = sessions.find(headers.authorization)?.role === 'organisation';
  return settings.requestsPerMinute * (isPeer ? peerShares : 1);
}

/** A peer may ask as much as so many people. */
const peerShares = 50;

const helmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  crossOriginResourcePolicy: { policy: 'same-origin' },
} as const;

function acceptBodies(app: FastifyInstance, handlers: readonly AnyHandler[]): void {
  const streams = handlers.map(({ route }) => route.stream).filter((type) => type !== undefined);
  // What reads them sets the pace and the limit.
  for (const type of new Set(streams)) {
    app.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  }
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async ({ headers }) => {
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw new CodedError('REQUEST_INVALID', { at: 'content-encoding' });
    }
  });
}

/** One line and one count per answered request, under the pattern of its route. */
function observe(app: FastifyInstance, { metrics, mounts, log }: ServerOptions): void {
  const hospitals = mounts.map(({ prefix, gateway }) => ({
    prefix,
    hospital: gateway.options.hospital,
  }));
  app.addHook('onResponse', async (request, reply) => {
    const pattern = request.routeOptions.url ?? 'none';
    const mounted = hospitals.find(({ prefix }) => pattern.startsWith(`${prefix}/v1/`));
    const hospital = mounted?.hospital ?? 'none';
    const route = `${request.method} ${pattern.slice(mounted?.prefix.length ?? 0)}`;
    const ms = Math.round(reply.elapsedTime);
    const status = reply.statusCode;
    const code = request.refusedAs;
    metrics.requests.inc({ hospital, route, status });
    metrics.requestMs.observe({ hospital, route }, ms);
    if (code !== '') metrics.refusals.inc({ hospital, code });
    log.info({ hospital, route, status, ms, ...(code === '' ? {} : { code }) }, 'request');
  });
}

function rootRoutes(app: FastifyInstance, options: ServerOptions): void {
  const { metrics, mounts, page } = options;
  const hidden = { schema: { hide: true } };
  app.get('/', hidden, async (_request, reply) => {
    if (page === undefined) {
      const lines = mounts.map(lineOf).join('\n');
      return reply.type('text/plain; charset=utf-8').send(`Salus\n\n${lines}\n`);
    }
    // The page is one file with its own style and no script.
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
    return reply.type('text/html; charset=utf-8').send(page());
  });
  app.get('/health', hidden, async (_request, reply) => {
    const hospitals = mounts.map(({ gateway }) => healthOf(gateway));
    const ok = hospitals.every((hospital) => hospital.ok);
    const processes = options.processes?.() ?? [];
    return reply
      .code(ok ? 200 : 503)
      .send({ ok, hospitals, ...(processes.length > 0 && { processes }) });
  });
  app.get('/metrics', hidden, async (_request, reply) => {
    for (const { gateway } of mounts) await observeGateway(metrics, gateway);
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  app.get('/openapi.json', hidden, async () => app.swagger());
}

function lineOf({ prefix, gateway }: ServerOptions['mounts'][number]): string {
  return `${gateway.options.name}: ${prefix}/v1/who`;
}

import fastifyHelmet from '@fastify/helmet';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { maxJsonBytes } from '../api/route.ts';
import { randomBytes } from '../crypto/random.ts';
import { bytesToHex } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import { Tally } from '../primitives/tally.ts';
import { Bodies } from './bodies.ts';
import { type ConnectionLimits, Connections, defaultConnectionLimits } from './connections.ts';
import { handleError } from './errors.ts';
import type { Gateway } from './gateway.ts';
import type { AnyHandler } from './handler.ts';
import { handlers as spine } from './handlers/all.ts';
import { backupOf, healthOf, observeGateway } from './health.ts';
import type { Logger } from './logging.ts';
import type { KnownBackup } from './machine.ts';
import type { Metrics } from './metrics.ts';
import { networkOf } from './network.ts';
import { describeRoutes, type Served, serveRoute } from './serve.ts';
import { httpStatusOf } from './status-of.ts';

export interface ServerOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  /** One process may serve several hospitals, each below its own path; '' mounts one at the root. */
  readonly mounts: readonly { readonly prefix: string; readonly gateway: Gateway }[];
  /** What answers here beside the spine's own routes: those of wings. */
  readonly handlers?: readonly AnyHandler[];
  /** What a person sees at `/status`, and at the address itself where no app is served; without it, a line per hospital. */
  readonly page?: () => string | Promise<string>;
  /** Puts an app at the address itself. */
  readonly site?: (root: FastifyInstance) => void;
  /** Whose word counts for where a caller comes from (`x-forwarded-for`); nobody's unless told. */
  readonly isProxy?: (address: string) => boolean;
  readonly limits?: Partial<ConnectionLimits>;
  /** The newest backup of this home that is known; missing: nobody keeps account of backups here. */
  readonly backup?: () => KnownBackup | undefined;
  /** Processes that run beside this one, a line each for `/health`. */
  readonly processes?: () => readonly object[];
}

/** Of one network, to what every server has at its root: pages, health, figures. */
const rootRequestsPerMinute = 1_200;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** At the root, of one network; else `rootRequestsPerMinute`. Counted apart from what has another limit (H-22). */
    readonly rootRequestsPerMinute?: number;
  }
}
/** What `Keep-Alive: timeout=` says of a connection on which nothing is asked. */
const keepAliveMs = 20_000;
/** It is closed so much later, so that a busy client does not send into a connection that we are closing (H-27). */
const keepAliveGraceMs = 10_000;

/**
 * The HTTP server around gateways: limits, headers, errors, logs, metrics and the description of the interface.
 * Closing it ends open event streams; the gateways are their owner's to close.
 * Source: docs/protocol/http.md, rules H-1 to H-5.
 */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const loggerInstance: FastifyBaseLogger = options.log;
  const { isProxy = () => false } = options;
  const app = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
    // Ours alone: what a client sends in its place is never looked at, so nobody writes into the log.
    genReqId: () => bytesToHex(randomBytes(8)),
    // What fails before a route is known, an address that is no URL for one, has the same form of refusal.
    frameworkErrors: (error, request, reply) => handleError(error, request, reply),
    bodyLimit: maxJsonBytes,
    // A 16 GiB upload may take hours; a silent socket may not, nor one that drips (bodies.ts).
    requestTimeout: 6 * 60 * 60_000,
    connectionTimeout: 120_000,
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 300 },
    trustProxy: isProxy,
  });
  app.server.headersTimeout = 15_000;
  app.server.keepAliveTimeoutBuffer = keepAliveGraceMs;
  // Every open event stream waits for the server's end.
  app.server.setMaxListeners(0);
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
  const limits = { ...defaultConnectionLimits, ...options.limits };
  const connections = new Connections(app.server, limits, isProxy);
  for (const { prefix, gateway } of options.mounts) {
    const served = { gateway, connections, limits, bodies: new Bodies(gateway.settings) };
    await app.register(async (scope) => mount(scope, served, handlers), { prefix });
  }
  await app.register(async (scope) => rootRoutes(scope, options));
  return app;
}

/** All routes of one gateway. */
function mount(app: FastifyInstance, served: Served, handlers: readonly AnyHandler[]): void {
  for (const handler of handlers) serveRoute(app, served, handler);
}

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
function observe(
  app: FastifyInstance,
  { metrics, mounts, log, handlers = [] }: ServerOptions,
): void {
  const tells = new Set([
    ...['GET /', 'GET /*', 'GET /status', 'GET /health', 'GET /metrics', 'GET /openapi.json'],
    ...['GET /app/site.json'],
    ...[...spine, ...handlers].flatMap(({ route: { method, path, who } }) =>
      method === 'GET' && who === 'anybody' ? [`GET ${path}`] : [],
    ),
  ]);
  const hospitals = mounts.map(({ prefix, gateway }) => ({
    prefix,
    hospital: gateway.options.hospital,
  }));
  // Whoever reports a fault can say which.
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  const told = (request: FastifyRequest, status: number, elapsedMs: number) => {
    const pattern = request.routeOptions.url ?? 'none';
    const mounted = hospitals.find(({ prefix }) => pattern.startsWith(`${prefix}/v1/`));
    const hospital = mounted?.hospital ?? 'none';
    const route = `${request.method} ${pattern.slice(mounted?.prefix.length ?? 0)}`;
    const ms = Math.round(elapsedMs);
    const code = request.refusedAs;
    metrics.requests.inc({ hospital, route, status });
    metrics.requestMs.observe({ hospital, route }, ms);
    if (code !== '') metrics.refusals.inc({ hospital, code });
    const refused = code === '' ? {} : { code };
    const line = { request: request.id, hospital, route, status, ms, ...refused };
    // Every command reads a dozen rows: what only tells, and told, is no news.
    if (code === '' && tells.has(route)) log.debug(line, 'request');
    else log.info(line, 'request');
  };
  app.addHook('onResponse', async (request, reply) => {
    told(request, reply.statusCode, reply.elapsedTime);
  });
  // Of who leaves in the middle of his request no response ever ends.
  app.addHook('onRequestAbort', async (request) => {
    if (request.raw.complete) return;
    request.refusedAs = 'CLIENT_LEFT';
    told(request, httpStatusOf('CLIENT_LEFT'), 0);
  });
}

function rootRoutes(app: FastifyInstance, options: ServerOptions): void {
  const { metrics, mounts, page } = options;
  const hidden = { schema: { hide: true } };
  const asked = new Tally(Date.now, 60_000);
  app.addHook('onRequest', async ({ ip, routeOptions }) => {
    const most = routeOptions.config.rootRequestsPerMinute ?? rootRequestsPerMinute;
    const key = `${most} ${networkOf(ip)}`;
    if (!asked.take(key, most)) throw new CodedError('RATE_LIMITED');
  });
  const statusPage = async (
    _request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> => {
    if (page === undefined) {
      const lines = mounts.map(lineOf).join('\n');
      return reply.type('text/plain; charset=utf-8').send(`Salus\n\n${lines}\n`);
    }
    // The page is one file with its own style and no script.
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
    return reply.type('text/html; charset=utf-8').send(await page());
  };
  app.get('/status', hidden, statusPage);
  if (options.site === undefined) app.get('/', hidden, statusPage);
  else options.site(app);
  app.get('/health', hidden, async (_request, reply) => {
    const hospitals = mounts.map(({ gateway }) => healthOf(gateway));
    const ok = hospitals.every((hospital) => hospital.ok);
    const processes = options.processes?.() ?? [];
    const beside = processes.length > 0 ? { processes } : {};
    const backup = options.backup === undefined ? {} : { backup: backupOf(options.backup()) };
    return reply.code(ok ? 200 : 503).send({ ok, hospitals, ...backup, ...beside });
  });
  app.get('/metrics', hidden, async (_request, reply) => {
    for (const { gateway } of mounts) await observeGateway(metrics, gateway, options.backup?.());
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  app.get('/openapi.json', hidden, async () => app.swagger());
}

function lineOf({ prefix, gateway }: ServerOptions['mounts'][number]): string {
  return `${gateway.options.name}: ${prefix}/v1/who`;
}

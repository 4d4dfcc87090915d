import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance, FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import {
  createJsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refusalAnswer } from '../api/message-parts.ts';
import { maxJsonBytes, type Route } from '../api/route.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import { type Bodies, requirePace } from './bodies.ts';
import { callerOf, isDesk, isEndedDesk, sessionOf } from './caller.ts';
import type { ConnectionLimits, Connections } from './connections.ts';
import type { Gateway } from './gateway.ts';
import type { AnyHandler, Asked } from './handler.ts';
import { networkOf } from './network.ts';

const openapi = {
  openapi: '3.1.0',
  info: {
    title: 'Salus gateway',
    version: '1',
    description: 'What clients and other hospitals ask a gateway; see docs/protocol/http.md.',
  },
  components: {
    securitySchemes: {
      session: { type: 'http', scheme: 'bearer' },
      desk: { type: 'apiKey', in: 'header', name: 'authorization' },
    },
  },
} as const;

/** Lets declarations check what comes and goes, and describe it: `app.swagger()` is OpenAPI 3.1. */
export async function describeRoutes(app: FastifyInstance): Promise<void> {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(fastifySwagger, { openapi, transform: createJsonSchemaTransform({}) });
}

/** What the routes of one gateway have in common while they are served. */
export interface Served {
  readonly gateway: Gateway;
  readonly bodies: Bodies;
  readonly connections: Connections;
  readonly limits: ConnectionLimits;
}

/**
 * Serves one route of one gateway. Before a byte of a body is read it is judged how often its sender asked, who he is,
 * and how much he may send; who he is once more when the body is there, since a session may end while it comes.
 */
export function serveRoute(app: FastifyInstance, served: Served, handler: AnyHandler): void {
  const { gateway, bodies, connections, limits } = served;
  const { route } = handler;
  const serve = handler.open(gateway);
  app.route({
    ...optionsOf(route),
    onRequest: async (request, reply) => {
      const session = sessionOf(gateway, route.who, request);
      if (route.neverLimited !== true) {
        // The desk stands where its visitors stand: what they ask for must not be counted as its own.
        const network = isDesk(gateway, request) ? 'desk' : networkOf(request.ip);
        gateway.allowance.count(route, { session, network });
      }
      requireHistory(gateway, route);
      requirePace(request.raw, limits);
      admit(gateway, route, request);
      bodies.admit(route, request, { reply, session });
      gateway.allowance.begin(session, reply.raw);
      if (session !== undefined) connections.answering(request.raw.socket, true);
    },
    handler: async (request, reply) => {
      if (route.noStore === true) void reply.header('cache-control', 'no-store');
      const caller = callerOf(gateway, route.who, request);
      const session = sessionOf(gateway, route.who, request);
      connections.answering(request.raw.socket, session !== undefined);
      const { params, query, body } = request;
      // The validator put what the schemas made of them in their place.
      return serve({ gateway, caller, params, query, body, request, reply } as Asked<Route>);
    },
    onResponse: async ({ raw }) => connections.answered(raw.socket),
  });
}

/** Who is refused where only the hospital's own people, or other hospitals, write is remembered. Throws as `callerOf`. */
function admit(gateway: Gateway, route: Route, request: FastifyRequest): void {
  try {
    callerOf(gateway, route.who, request);
  } catch (error) {
    const { attempts } = gateway.findings;
    const isEnded = route.who === 'desk' && isEndedDesk(request);
    if (isPrivileged(route) && isCoded(error) && error.code !== 'SESSION_EXPIRED' && !isEnded) {
      attempts.refused(request.ip, `${route.method} ${route.path}`, error.code);
    }
    throw error;
  }
}

const isPrivileged = ({ who, method }: Route): boolean =>
  method !== 'GET' && ['desk', 'desk-token', 'operator', 'peer'].includes(who);

/** What rests on blocks that are not here yet would be a wrong answer. Throws HISTORY_MISSING (CB-15). */
function requireHistory({ options: { engine } }: Gateway, { isEarly }: Route): void {
  const from = isEarly === true ? undefined : engine.historyFrom?.();
  if (from !== undefined) throw new CodedError('HISTORY_MISSING', { from });
}

/** What Fastify must know of a route, and the description of the interface says of it. */
export function optionsOf(route: Route): Omit<RouteOptions, 'handler'> {
  const { method, path, bodyBytes, noHead } = route;
  return {
    method,
    url: path,
    schema: schemaOf(route),
    bodyLimit: bodyBytes ?? maxJsonBytes,
    ...(noHead === true ? { exposeHeadRoute: false } : {}),
  };
}

/** Every refusal has this form, on every route; bytes and events pass the serializer by. */
function schemaOf(route: Route): FastifySchema {
  const { summary, params, query, body, stream, answer, media } = route;
  const security = securityOf(route);
  return {
    summary,
    ...(security === undefined ? {} : { security }),
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined ? {} : { body }),
    ...(stream === undefined ? {} : { consumes: [stream] }),
    ...(media === undefined ? {} : { produces: [media] }),
    response: {
      200: typeof answer === 'string' ? z.unknown() : answer,
      '4xx': refusalAnswer,
      '5xx': refusalAnswer,
    },
  };
}

function securityOf({ who }: Route): FastifySchema['security'] {
  if (who === 'anybody' || who === 'signed-body') return undefined;
  return [who === 'desk' || who === 'desk-token' ? { desk: [] } : { session: [] }];
}

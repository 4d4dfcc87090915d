import { finished } from 'node:stream/promises';
import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance, FastifyRequest, FastifySchema, RouteOptions } from 'fastify';
import {
  createJsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refusalAnswer } from '../api/message-parts.ts';
import type { Route } from '../api/route.ts';
import { callerOf } from './caller.ts';
import type { Gateway } from './gateway.ts';
import type { AnyHandler, Asked } from './handler.ts';

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

/**
 * Serves one route of one gateway. Who asks is judged twice: before a byte of a body is parsed, and again when it is
 * there, since a session may end while a large body comes.
 */
export function serveRoute(app: FastifyInstance, gateway: Gateway, handler: AnyHandler): void {
  const { route } = handler;
  const serve = handler.open(gateway);
  app.route({
    ...optionsOf(route),
    // Not `onRequest`: there the limit of requests counts first, also who asks with a token that does not hold.
    preParsing: async (request, _reply, payload) => {
      try {
        callerOf(gateway, route.who, request);
        return payload;
      } catch (refusal) {
        if (route.body !== undefined) await dropBody(request);
        throw refusal;
      }
    },
    handler: async (request, reply) => {
      if (route.noStore === true) void reply.header('cache-control', 'no-store');
      const caller = callerOf(gateway, route.who, request);
      const { params, query, body } = request;
      // The validator put what the schemas made of them in their place.
      return serve({ gateway, caller, params, query, body, request, reply } as Asked<Route>);
    },
  });
}

/** What Fastify must know of a route, and the description of the interface says of it. */
export function optionsOf(route: Route): Omit<RouteOptions, 'handler'> {
  const { method, path, bodyBytes, perMinute, noHead } = route;
  return {
    method,
    url: path,
    schema: schemaOf(route),
    ...(bodyBytes === undefined ? {} : { bodyLimit: bodyBytes }),
    ...(noHead === true ? { exposeHeadRoute: false } : {}),
    ...(perMinute === undefined ? {} : { config: { rateLimit: { max: perMinute } } }),
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
  return [who === 'desk' ? { desk: [] } : { session: [] }];
}

/**
 * Lets a body of JSON pass by unread, so that its sender, who is still sending, meets the refusal and not a closed
 * socket. One that is too long, or of a length that nobody told, is not waited for.
 */
async function dropBody({ raw, headers, routeOptions }: FastifyRequest): Promise<void> {
  const bytes = Number(headers['content-length'] ?? Number.NaN);
  if (!(bytes <= routeOptions.bodyLimit)) return;
  raw.resume();
  await finished(raw, { writable: false }).catch(() => undefined);
}

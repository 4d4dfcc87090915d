import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { refusalAnswer } from '../../api/message-parts.ts';
import type { Gateway } from '../gateway.ts';
import { forwardedHeader } from '../parts/peers/peers.ts';
import type { Session } from '../parts/sessions/sessions.ts';

/** A Fastify instance whose routes take their types from Zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Every refusal has this form, on every route. */
export const refusals = { '4xx': refusalAnswer, '5xx': refusalAnswer } as const;

/** Bytes or events; they pass the serializer by. */
export const bytesAnswer = z.unknown();

/** Throws UNAUTHENTICATED, SESSION_EXPIRED. */
export function sessionOf(gateway: Gateway, request: FastifyRequest): Session {
  return gateway.sessions.require(request.headers.authorization);
}

/** Whether another gateway passed this on. */
export function isForwarded(request: FastifyRequest): boolean {
  return request.headers[forwardedHeader] !== undefined;
}

export const bearer = [{ session: [] }];

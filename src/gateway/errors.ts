import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { RefusalAnswer } from '../api/message-parts.ts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import { letPass } from './bodies.ts';
import { httpStatusOf } from './status-of.ts';

/**
 * Turns whatever a handler threw into the one form of refusal that clients know. An error without a code of
 * ours becomes INTERNAL and keeps its text here. Source: docs/protocol/http.md, rule H-3.
 */
export function codedErrorOf(error: unknown): CodedError {
  if (isCoded(error)) return error;
  if (!(error instanceof Error)) return new CodedError('INTERNAL');
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [first] = error.validation;
    return new CodedError('REQUEST_INVALID', {
      in: error.validationContext ?? 'request',
      // A path made of our own field names and of positions; never the value.
      at: (first?.instancePath ?? '').slice(0, 100),
    });
  }
  const { code, statusCode } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new CodedError('BODY_TOO_LARGE', {}, error);
  if (statusCode === 429) return new CodedError('RATE_LIMITED', {}, error);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new CodedError('REQUEST_INVALID', {}, error);
  }
  return new CodedError('INTERNAL', {}, error);
}

/** The body of a refusal (H-3); what is not ours to explain has no details. */
export function refusalOf(error: CodedError): RefusalAnswer {
  const { code, kind, sentence, details } = error;
  const shown = code === 'INTERNAL' || Object.keys(details).length === 0 ? {} : { details };
  return { ok: false, code, kind, sentence, ...shown };
}

/** Answers whatever a route threw, and logs it when it is a fault. */
export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const coded = hasLeft(request) ? new CodedError('CLIENT_LEFT', {}, error) : codedErrorOf(error);
  request.refusedAs = coded.code;
  if (coded.kind === 'fault') request.log.error(describeFault(coded), 'fault');
  if (!request.raw.complete) letPass(request.raw);
  void reply.code(httpStatusOf(coded.code)).type('application/json').send(refusalOf(coded));
}

/**
 * Whether the client went away in the middle of its request: whatever a handler then throws about the rest of the body
 * is nobody's fault here.
 */
function hasLeft({ raw }: FastifyRequest): boolean {
  return raw.destroyed && !raw.complete;
}

/** What a log may hold of a fault: names and places in the code, not texts that may quote a request. */
export function describeFault(error: unknown): { readonly faults: readonly object[] } {
  const faults: object[] = [];
  for (let at = error; at instanceof Error && faults.length < 5; at = at.cause) {
    const frames = (at.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
    faults.push({
      name: at.name,
      code: isCoded(at) ? at.code : (at as { code?: unknown }).code,
      at: frames.slice(0, 6).map((line) => line.trim()),
    });
  }
  return { faults };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The code this request was refused with, for the log and the metrics. */
    refusedAs: string;
  }
}

import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Who } from '../api/route.ts';
import { sha256 } from '../crypto/hash.ts';
import { utf8 } from '../primitives/bytes.ts';
import { assertNever, CodedError } from '../primitives/errors.ts';
import type { Gateway } from './gateway.ts';
import { forwardedHeader } from './parts/peers/peers.ts';
import type { Session, WalletSession } from './parts/sessions/sessions.ts';

/**
 * Who asks, by the headers alone, as a route demands it. Of `ticket` and `signed-body` the rest is the handler's to
 * judge: what is asked for or said decides there.
 *
 * Throws UNAUTHENTICATED, SESSION_EXPIRED, FORBIDDEN (no peer). Source: docs/protocol/http.md, rule H-17.
 */
export function callerOf(
  gateway: Gateway,
  who: Who,
  request: Pick<FastifyRequest, 'headers'>,
): Session | WalletSession | undefined {
  const { authorization } = request.headers;
  switch (who) {
    case 'session':
      return gateway.sessions.require(authorization);
    case 'wallet':
      return gateway.sessions.requireForWallet(authorization);
    case 'peer': {
      const session = gateway.sessions.require(authorization);
      if (session.role !== 'organisation' || session.hasLeft === true) {
        throw new CodedError('FORBIDDEN');
      }
      return session;
    }
    case 'desk':
      if (!isDesk(gateway, request)) throw new CodedError('UNAUTHENTICATED');
      return undefined;
    case 'desk-token':
      if (!hasDeskToken(gateway, request)) throw new CodedError('UNAUTHENTICATED');
      return undefined;
    case 'operator': {
      const session = gateway.sessions.require(authorization);
      if (session.role !== 'operator') throw new CodedError('FORBIDDEN');
      return session;
    }
    case 'ticket':
      return gateway.sessions.find(authorization);
    case 'anybody':
    case 'signed-body':
      return undefined;
    default:
      return assertNever(who);
  }
}

/** Who is signed in, as far as the route knows it: the printed code opens what is for `wallet`, and is nobody elsewhere. */
export function sessionOf(
  { sessions }: Pick<Gateway, 'sessions'>,
  who: Who,
  { headers: { authorization } }: Pick<FastifyRequest, 'headers'>,
): Session | WalletSession | undefined {
  return who === 'wallet' ? sessions.findForWallet(authorization) : sessions.find(authorization);
}

/** Whether another gateway passed this on. */
export function isForwarded(request: FastifyRequest): boolean {
  return request.headers[forwardedHeader] !== undefined;
}

const deskScheme = 'Desk ';

/** Whether the registration desk asks: with the hospital's token, or in a browser with a session (H-31). */
export function isDesk(
  gateway: Pick<Gateway, 'options' | 'deskSessions'>,
  request: Pick<FastifyRequest, 'headers'>,
): boolean {
  const { authorization = '' } = request.headers;
  if (hasDeskToken(gateway, request)) return true;
  return (
    authorization.startsWith(deskScheme) &&
    gateway.deskSessions.holds(authorization.slice(deskScheme.length))
  );
}

/** A desk's session that is over, or ended with the server that gave it: by its form, which the token does not have. Nobody guesses one. */
export function isEndedDesk({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /^Desk [0-9a-f]{64}$/.test(headers.authorization ?? '');
}

/** Compared as hashes, so that neither length nor place of a difference shows in the time it takes. */
function hasDeskToken(
  { options: { deskToken } }: Pick<Gateway, 'options'>,
  { headers: { authorization } }: Pick<FastifyRequest, 'headers'>,
): boolean {
  const shown = sha256(utf8(authorization ?? ''));
  return deskToken.length >= 32 && timingSafeEqual(shown, sha256(utf8(`Desk ${deskToken}`)));
}

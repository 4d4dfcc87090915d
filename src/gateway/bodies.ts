import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { maxJsonBytes, maxStrangerBytes, type Route } from '../api/route.ts';
import { CodedError } from '../primitives/errors.ts';
import { Shares } from '../primitives/shares.ts';
import type { ConnectionLimits } from './connections.ts';
import type { Session } from './parts/sessions/sessions.ts';
import type { GatewaySettings } from './settings.ts';

/** Of a refused body so much is read and thrown away, so that a short one leaves the connection as it was. */
const passedBytes = 256 * 1024;
/** Who goes on sending has so long to read why he was refused. */
const lingerMs = 2_000;

/**
 * What comes in the bodies of requests to one gateway: how long one may be is judged by its length and by who sends it,
 * before it is read; how much of large ones is in memory at once has a bound for each account and for all.
 * Source: docs/protocol/http.md, rule H-21.
 */
export class Bodies {
  readonly #held: Shares;

  constructor({ bodyBytesPerAccount, bodyBytesInAll }: GatewaySettings) {
    this.#held = new Shares({ each: bodyBytesPerAccount, all: bodyBytesInAll });
  }

  /** Throws BODY_TOO_LARGE, REQUEST_INVALID (of no length), STORE_BUSY (too much at once, of his or of all). */
  admit(
    route: Route,
    { raw, headers }: FastifyRequest,
    { reply, session }: { readonly reply: FastifyReply; readonly session: Session | undefined },
  ): void {
    const most = mostBytes(route, session);
    if (most === undefined || !hasBody(raw)) return;
    const bytes = Number(headers['content-length'] ?? Number.NaN);
    if (!Number.isSafeInteger(bytes))
      throw new CodedError('REQUEST_INVALID', { at: 'content-length' });
    if (bytes > most) throw new CodedError('BODY_TOO_LARGE', { maxBytes: most });
    if (bytes <= maxStrangerBytes || session === undefined) return;
    const { account } = session;
    if (!this.#held.take(account, bytes)) throw new CodedError('STORE_BUSY');
    reply.raw.once('close', () => this.#held.give(account, bytes));
  }
}

/** Undefined: it is read as it comes, however long it is. */
function mostBytes(
  { who, body, stream, bodyBytes }: Route,
  session: Session | undefined,
): number | undefined {
  if (stream !== undefined) return bodyBytes;
  if (body === undefined) return undefined;
  if (session === undefined) return Math.min(bodyBytes ?? maxStrangerBytes, maxStrangerBytes);
  return bodyBytes ?? (who === 'session' || who === 'peer' ? maxJsonBytes : maxStrangerBytes);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/**
 * A body that brings less than the least within the time ends with its connection: who sends a byte now and then holds
 * nothing for longer. What we have not read yet is no fault of the sender's.
 */
export function requirePace(
  raw: IncomingMessage,
  { bodyPatienceMs, leastBodyBytes }: ConnectionLimits,
): void {
  if (!hasBody(raw)) return;
  let before = raw.socket.bytesRead;
  const timer = setInterval(() => {
    const came = raw.socket.bytesRead - before;
    before += came;
    if (raw.complete) clearInterval(timer);
    else if (came < leastBodyBytes && raw.readableLength === 0) raw.destroy();
  }, bodyPatienceMs);
  timer.unref();
  raw.once('close', () => clearInterval(timer));
}

/**
 * Lets what still comes of a refused body pass by, so that its sender meets the refusal and not a closed socket; of a
 * long one only the beginning: then he has time to read the answer, and the connection ends.
 */
export function letPass(raw: IncomingMessage): void {
  let passed = 0;
  const pass = (piece: Uint8Array) => {
    passed += piece.length;
    if (passed <= passedBytes) return;
    raw.off('data', pass);
    raw.pause();
    setTimeout(() => raw.destroy(), lingerMs).unref();
  };
  raw.on('data', pass);
  raw.on('error', () => undefined);
}

import type * as z from 'zod/mini';
import {
  type AddressOf,
  type JsonOf,
  maxStrangerBytes,
  partsOf,
  pathOf,
  type Route,
  type Who,
} from '../../api/route.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type Call, type Http, orStopped, routeOf } from './http.ts';

/** Gives a session token, a fresh one when the old was refused. */
export interface SessionSource {
  token(signal?: AbortSignal): Promise<string>;
  drop(token: string): void;
}

/** Where calls go, and as whom. */
export interface Line {
  readonly http: Http;
  readonly session: SessionSource | undefined;
}

/** A body that is sent as it is; a function gives it anew when a session must be renewed. */
export type Sendable = Uint8Array | (() => ReadableStream<Uint8Array> | Blob);

/** What a caller gives for a route; bounds and deadlines only where they differ from the declaration's. */
export type Asking<R extends Route> = AddressOf<R> &
  JsonOf<R> &
  (R extends { readonly stream: string } ? { readonly stream: Sendable } : unknown) & {
    readonly headers?: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal | undefined;
    readonly timeoutMs?: number;
    readonly maxBytes?: number;
  };

/** What a route answers: its JSON, bytes, or what is read as it comes. */
export type Answer<R extends Route> = R['answer'] extends z.ZodMiniType
  ? z.output<R['answer']>
  : R['answer'] extends 'events' | 'stream'
    ? ReadableStream<Uint8Array>
    : Uint8Array;

/**
 * Calls a route as it is declared: address, session, repeating, bound and deadline all follow from the declaration,
 * and the answer has the agreed shape. Whether it is *true* is the caller's check.
 *
 * Throws the gateway's refusal, REFUSAL_UNKNOWN (one that this version does not know), GATEWAY_LIED (not the agreed
 * shape), UNAUTHENTICATED (no session to show), REQUEST_INVALID (no address), and what `Http` throws.
 */
export async function call<R extends Route>(
  line: Line,
  route: R,
  asking: Asking<R>,
): Promise<Answer<R>> {
  const { method, who, repeatable = method === 'GET' } = route;
  const {
    stream,
    headers,
    signal,
    timeoutMs = route.timeoutMs,
    maxBytes = route.answerBytes,
  } = asking as Given;
  const send = async (session: Readonly<Record<string, string>>): Promise<unknown> => {
    const request: Call = {
      ...{ method, path: pathOf(route, asking), json: partsOf(asking).body },
      ...{ headers: { ...session, ...headers }, signal, timeoutMs, maxBytes, repeatable },
      ...(stream === undefined ? {} : { body: typeof stream === 'function' ? stream() : stream }),
      ...(route.stream === undefined ? {} : { contentType: route.stream }),
    };
    return answerTo(line.http, route, request);
  };
  const isSignedIn = signedInFor.has(who);
  const answer =
    isSignedIn || isLarge(route, asking)
      ? await signedIn(line.session, send, signal)
      : await asStranger(line.session, send, signal);
  return answer as Answer<R>;
}

/** For these a session is shown; a desk shows its own token in a header, and all else is asked as a stranger. */
const signedInFor: ReadonlySet<Who> = new Set([
  'session',
  'peer',
  'ticket',
  'wallet',
  'operator',
] satisfies Who[]);

/** More than a gateway takes from somebody who shows no session: in characters, so at most what it is in bytes. */
function isLarge({ who }: Route, asking: unknown): boolean {
  if (who !== 'signed-body') return false;
  return JSON.stringify(partsOf(asking).body ?? null).length > maxStrangerBytes;
}

/**
 * Without a session. What strangers may ask is counted by their address, which others may share: when it is used up,
 * who has an account asks as himself, and nobody else's asking counts.
 */
async function asStranger<T>(
  session: SessionSource | undefined,
  send: (headers: Readonly<Record<string, string>>) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    return await send({});
  } catch (error) {
    if (session === undefined || !isCoded(error, 'RATE_LIMITED')) throw error;
    return signedIn(session, send, signal);
  }
}

interface Given {
  readonly stream?: Sendable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

async function answerTo(http: Http, { answer, media }: Route, request: Call): Promise<unknown> {
  if (answer === 'bytes') return http.bytes(request);
  if (answer === 'events' || answer === 'stream') {
    return http.open({ ...request, headers: { ...request.headers, accept: media ?? '*/*' } });
  }
  const parsed = answer.safeParse(await http.json(request));
  if (!parsed.success) throw new CodedError('GATEWAY_LIED', { path: routeOf(request) });
  return parsed.data;
}

/** With the session's token; once more with a fresh one when the token had run out. */
async function signedIn<T>(
  session: SessionSource | undefined,
  send: (headers: Readonly<Record<string, string>>) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (session === undefined) throw new CodedError('UNAUTHENTICATED');
  const token = await orStopped(session.token(), signal);
  try {
    return await send({ authorization: `Bearer ${token}` });
  } catch (error) {
    if (!isCoded(error, 'SESSION_EXPIRED') && !isCoded(error, 'UNAUTHENTICATED')) throw error;
    session.drop(token);
    return send({ authorization: `Bearer ${await orStopped(session.token(), signal)}` });
  }
}

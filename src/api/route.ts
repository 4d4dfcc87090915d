import type * as z from 'zod/mini';
import { CodedError } from '../primitives/errors.ts';

/**
 * Who may ask, judged before a body is read. `signed-body`: whoever signed what the body holds, which the handler
 * verifies; `ticket`: a session or a ticket for these very bytes, judged with them, so that what is not shared
 * looks like what does not exist; `peer`: another hospital, signed in as its organisation; `wallet`: a session, or one
 * opened with the printed code, which serves for copies of the wallet and for nothing else; `desk`: the hospital's desk
 * token, or a session that was opened by a link of it; `desk-token`: the token alone; `operator`: a session of an
 * operator of this hospital.
 */
export type Who =
  | 'anybody'
  | 'session'
  | 'ticket'
  | 'desk'
  | 'desk-token'
  | 'operator'
  | 'peer'
  | 'wallet'
  | 'signed-body';

/**
 * No route takes more from somebody who shows no session; more than this is judged by the account that sends it.
 * Source: docs/protocol/http.md, rule H-21.
 */
export const maxStrangerBytes = 64 * 1024;

/** A body of JSON has at most so many bytes unless its route says less; what is larger is CBOR or a stream. */
export const maxJsonBytes = 256 * 1024;

/**
 * One call of a gateway, declared once: the gateway serves it, clients and peers call it, OpenAPI describes it and
 * the fuzzer tries it out of this alone. Source: docs/protocol/http.md, rules H-1 to H-5 and H-17.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below a hospital's base URL; `:name` stands for a field of `params`. */
  readonly path: `/v1/${string}`;
  readonly who: Who;
  readonly summary: string;
  /** The rule that says what it does, such as `H-14`. */
  readonly rule: string;
  readonly params?: z.ZodMiniType;
  readonly query?: z.ZodMiniType;
  /** A body of JSON. */
  readonly body?: z.ZodMiniType;
  /** The media type of a body that is no JSON: read as it comes, or whole where `bodyBytes` bounds it. */
  readonly stream?: string;
  /** JSON of this shape, bytes, bytes that are read as they come, or server-sent events. */
  readonly answer: z.ZodMiniType | 'bytes' | 'stream' | 'events';
  /** The media type of an answer in bytes. */
  readonly media?: string;
  /**
   * A body may have at most so many bytes; unless told, JSON has 256 KiB, and 64 KiB where no session is asked for. Of a
   * stranger no route takes more than 64 KiB: a larger `signed-body` comes with a session.
   */
  readonly bodyBytes?: number;
  /** A client reads at most so many bytes of the answer; 64 MiB unless told. */
  readonly answerBytes?: number;
  /** A client waits so long; a minute unless told. */
  readonly timeoutMs?: number;
  /** Sending it twice does no more than once; every GET is so. */
  readonly repeatable?: true;
  /** So many a minute and caller, in place of the limit for all routes together. */
  readonly perMinute?: number;
  /**
   * Never refused for how often it is asked: others behind the same address must not be able to use up what signing in,
   * or coming back, needs. Such a route costs as little as a refusal of it.
   */
  readonly neverLimited?: true;
  /** No HEAD beside the GET: nobody would read, nor ever end, what it opens. */
  readonly noHead?: true;
  /** Answered while the blocks from before this hospital joined are still being fetched (CB-15); missing: not before. */
  readonly isEarly?: true;
  /** No cache on the way may keep the answer. */
  readonly noStore?: true;
}

/** Checks a declaration and keeps its exact type, from which calls and handlers are typed. */
export function defineRoute<const R extends Route>(route: R): R {
  return route;
}

type SchemaOf<R, Part extends string> = R extends {
  readonly [P in Part]: infer S extends z.ZodMiniType;
}
  ? S
  : never;

/** What a caller gives for one part of a request; a part whose fields all have defaults may be left out. */
type Given<R, Part extends string> = [SchemaOf<R, Part>] extends [never]
  ? unknown
  : Record<never, never> extends z.input<SchemaOf<R, Part>>
    ? { readonly [P in Part]?: z.input<SchemaOf<R, Part>> }
    : { readonly [P in Part]: z.input<SchemaOf<R, Part>> };

/** What fills a route's address in. */
export type AddressOf<R extends Route> = Given<R, 'params'> & Given<R, 'query'>;

/** The JSON that a route takes, if any. */
export type JsonOf<R extends Route> = Given<R, 'body'>;

/** A part of a request after it was checked: `undefined` where the route declares none. */
export type Checked<R extends Route, Part extends 'params' | 'query' | 'body'> = [
  SchemaOf<R, Part>,
] extends [never]
  ? undefined
  : z.output<SchemaOf<R, Part>>;

/** The JSON that a route answers with. */
export type AnswerOf<R extends Route> = z.output<SchemaOf<R, 'answer'>>;

interface Parts {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** The parts of what was given for a route, whichever it is: the compiler held it against that route's declaration. */
export function partsOf(given: unknown): Parts {
  return given as Parts;
}

/**
 * The path below the base URL, with the query. No value can leave its place: each is percent-encoded, and what a URL
 * parser would take for a step (an empty, `.` or `..`) is refused. Throws REQUEST_INVALID, also for half a character.
 */
export function pathOf<R extends Route>(route: R, address: AddressOf<R>): string {
  const { params = {}, query = {} } = partsOf(address);
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = String(params[name] ?? '');
    if (['', '.', '..'].includes(value)) throw new CodedError('REQUEST_INVALID', { at: name });
    return encoded(name, value);
  });
  const asked = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encoded(name, String(value))}`);
  return asked.length === 0 ? path : `${path}?${asked.join('&')}`;
}

function encoded(name: string, value: string): string {
  if (/\p{Surrogate}/u.test(value)) throw new CodedError('REQUEST_INVALID', { at: name });
  return encodeURIComponent(value);
}

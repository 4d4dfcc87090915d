import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AnswerOf, Checked, Route, Who } from '../api/route.ts';
import type { Gateway } from './gateway.ts';
import type { Session, WalletSession } from './parts/sessions/sessions.ts';

/** One request as its handler gets it: who asks was judged, and every part has the shape that the route declares. */
export interface Asked<R extends Route> {
  readonly gateway: Gateway;
  readonly caller: Caller<R['who']>;
  readonly params: Checked<R, 'params'>;
  readonly query: Checked<R, 'query'>;
  readonly body: Checked<R, 'body'>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Who is signed in, where the route asks for it. */
type Caller<W extends Who> = W extends 'session' | 'peer'
  ? Session
  : W extends 'wallet'
    ? WalletSession
    : W extends 'ticket'
      ? Session | undefined
      : undefined;

/** JSON in the shape of the route; bytes, events and what is long are sent by the handler itself. */
type Served<R extends Route> = R['answer'] extends string
  ? FastifyReply
  : AnswerOf<R> | FastifyReply;

type Serve<R extends Route> = (asked: Asked<R>) => Served<R> | Promise<Served<R>>;

/** A route with what answers it. `open` is called once for each gateway that serves it. */
export interface AnyHandler {
  readonly route: Route;
  open(gateway: Gateway): (asked: Asked<Route>) => unknown;
}

/** Answers a route; each call stands for itself. */
export function handler<R extends Route>(route: R, serve: Serve<R>): AnyHandler {
  return openHandler(route, () => serve);
}

/** Answers a route with something that lives as long as its gateway, such as a count of open streams. */
export function openHandler<R extends Route>(
  route: R,
  open: (gateway: Gateway) => Serve<R>,
): AnyHandler {
  return {
    route,
    open: (gateway) => {
      const serve = open(gateway);
      // What the checks of this very route made: `serve.ts` hands it over only with its own route.
      return (asked) => serve(asked as Asked<R>);
    },
  };
}

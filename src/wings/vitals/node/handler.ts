import type { AnswerOf, Checked, Route } from '../../../api/route.ts';
import type { DataServer } from './data-server.ts';

/** One request as its handler gets it: every part has the shape that the route declares. */
export interface AskedServer<R extends Route> {
  readonly server: DataServer;
  readonly params: Checked<R, 'params'>;
  readonly query: Checked<R, 'query'>;
  readonly body: Checked<R, 'body'>;
  /** The body of a route that takes bytes. */
  readonly bytes: Uint8Array;
}

type Served<R extends Route> = R['answer'] extends string ? Uint8Array : AnswerOf<R>;

/** A route of a data server with what answers it. */
export interface DataHandler {
  readonly route: Route;
  serve(asked: AskedServer<Route>): Promise<unknown>;
}

/** Answers a route; each call stands for itself. */
export function dataHandler<R extends Route>(
  route: R,
  serve: (asked: AskedServer<R>) => Promise<Served<R>>,
): DataHandler {
  // What the checks of this very route made: the listener hands it over only with its own route.
  return { route, serve: (asked) => serve(asked as AskedServer<R>) };
}

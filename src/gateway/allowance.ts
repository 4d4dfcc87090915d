import type { EventEmitter } from 'node:events';
import type { Route } from '../api/route.ts';
import { CodedError } from '../primitives/errors.ts';
import { Shares } from '../primitives/shares.ts';
import { Tally } from '../primitives/tally.ts';
import type { Session, WalletSession } from './parts/sessions/sessions.ts';
import type { GatewaySettings } from './settings.ts';

/** A hospital passes on what all of its people ask: as much as so many of them, each counted where he signed. */
const peerShares = 50;

/** Who asks: somebody signed in, or a stranger by where he comes from. */
export interface Asker {
  readonly session: Session | WalletSession | undefined;
  readonly network: string;
}

/** Who comes with the printed code has an allowance of his own: whoever stole the key in use cannot use it up. */
function askerIn(session: Session | WalletSession): string {
  const isByCode = 'withCode' in session && session.withCode;
  return isByCode ? `${session.account} with the code` : session.account;
}

/**
 * How often anybody may ask within a minute. Who is signed in is counted as his account, for all routes together; a
 * stranger as his network, for each route by itself, so that one who floods a route takes the others from nobody
 * behind the same address. What signing in needs is `neverLimited`: who is told that his
 * network asked too often signs in and asks as himself. Source: docs/protocol/http.md, rule H-22.
 */
export class Allowance {
  readonly #tally: Tally;
  readonly #atOnce: Shares;
  readonly #settings: GatewaySettings;

  constructor(now: () => number, settings: GatewaySettings) {
    this.#tally = new Tally(now, 60_000);
    this.#atOnce = new Shares({ each: settings.requestsAtOnce, all: Number.MAX_SAFE_INTEGER });
    this.#settings = settings;
  }

  /**
   * One request of somebody who is signed in is being answered, until `answer` closes. A hospital speaks for all of its
   * people, and has no limit. Throws RATE_LIMITED.
   */
  begin(session: Session | WalletSession | undefined, answer: Pick<EventEmitter, 'once'>): void {
    if (session === undefined || session.role === 'organisation') return;
    const asker = askerIn(session);
    if (!this.#atOnce.take(asker)) throw new CodedError('RATE_LIMITED');
    answer.once('close', () => this.#atOnce.give(asker));
  }

  /** Counts one request. Throws RATE_LIMITED. */
  count(route: Route, asker: Asker): void {
    if (!this.isLeft(route, asker)) throw new CodedError('RATE_LIMITED');
  }

  /** Counts one request, and says whether it is one too many. */
  isLeft(
    route: Pick<Route, 'method' | 'path' | 'perMinute'>,
    { session, network }: Asker,
  ): boolean {
    const { requestsPerMinute, strangerReadsPerMinute } = this.#settings;
    const { method, path, perMinute } = route;
    const own = `${method} ${path}`;
    const reads = method === 'GET' ? strangerReadsPerMinute : requestsPerMinute;
    const asSomebody = requestsPerMinute * (session?.role === 'organisation' ? peerShares : 1);
    const most = perMinute ?? (session === undefined ? reads : asSomebody);
    const who = session === undefined ? network : askerIn(session);
    const key = session === undefined || perMinute !== undefined ? `${who} ${own}` : who;
    return this.#tally.take(key, most);
  }
}

import type { Calls } from '../worker/calls/all.ts';
import type { SessionState } from '../worker/session.ts';
import type { WorkProgress } from './work-progress.ts';

/** What goes wrong, as it crosses between threads: an error loses its class there. */
export interface Failure {
  /** One of the catalogue's codes, or of `ownCodes`. */
  readonly code: string;
  /** Who was asked, what was too long: no secret is ever among them. */
  readonly details: Readonly<Record<string, unknown>>;
}

export type CallName = keyof Calls;
export type InputOf<Name extends CallName> = Parameters<Calls[Name]>[1];
export type OutputOf<Name extends CallName> = Awaited<ReturnType<Calls[Name]>>;

/** From the page. A call's number is the page's own. */
export type ToWorker =
  | { readonly kind: 'call'; readonly id: number; readonly name: CallName; readonly input: unknown }
  | { readonly kind: 'cancel'; readonly id: number }
  /** Somebody touched the page: the session does not lock yet. */
  | { readonly kind: 'touched' }
  /** The browser says that the network came, or went. */
  | { readonly kind: 'network' }
  /** The page goes; what it asked for is not wanted any more. */
  | { readonly kind: 'gone' };

/** To the page. */
export type FromWorker =
  | { readonly kind: 'done'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure }
  /** What will be answered is the device's own, as of then. */
  | { readonly kind: 'as of'; readonly id: number; readonly ms: number }
  | { readonly kind: 'progress'; readonly id: number; readonly progress: WorkProgress }
  | { readonly kind: 'session'; readonly state: SessionState }
  /** Something happened on the ledger that concerns this person: what is shown is asked for again. */
  | { readonly kind: 'news' };

import type { SessionState } from '../worker/session.ts';
import { afterPaint } from './after-paint.ts';
import type { CallName, Failure, FromWorker, InputOf, OutputOf, ToWorker } from './messages.ts';
import { workerScript } from './scripts.ts';
import type { WorkProgress } from './work-progress.ts';

/** A call that was refused or failed: `code` has its sentence in the words of each language. */
export class CallError extends Error implements Failure {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor({ code, details }: Failure) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((progress: WorkProgress) => void) | undefined;
  readonly onAsOf: ((ms: number) => void) | undefined;
}

interface Port {
  postMessage(message: ToWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
}

/** So long the worker waits for the first picture. */
const mostPaintMs = 1_000;
/** How soon a worker whose script did not come is begun again. */
const againMs = 1_000;

/**
 * The worker with the keys: shared by all tabs of this browser where it can be, else this tab's own. It is begun when a
 * page stands that asks for something, so that a slow line brings the page first.
 */
class Link {
  #port: Port | undefined;
  /** What was said before anybody was heard: a worker whose script did not come heard none of it. */
  #early: ToWorker[] | undefined;
  readonly #waiting = new Map<number, Waiting>();
  readonly #sessions = new Set<() => void>();
  readonly #news = new Set<() => void>();
  #state: SessionState | undefined;
  #last = 0;
  /** Whether other tabs share this session. */
  readonly isShared: boolean;

  constructor() {
    this.isShared = 'SharedWorker' in globalThis;
    addEventListener('pagehide', () => this.#port?.postMessage({ kind: 'gone' }));
    // A page that comes back from the browser's cache has left: it asks anew.
    addEventListener('pageshow', ({ persisted }) => {
      if (persisted) location.reload();
    });
    for (const event of ['online', 'offline']) {
      addEventListener(event, () => this.#port?.postMessage({ kind: 'network' }));
    }
    let toldMs = 0;
    for (const event of ['pointerdown', 'keydown', 'scroll', 'touchstart']) {
      addEventListener(
        event,
        () => {
          if (Date.now() - toldMs < 10_000) return;
          toldMs = Date.now();
          this.#port?.postMessage({ kind: 'touched' });
        },
        { passive: true, capture: true },
      );
    }
  }

  /** Undefined until the worker has answered for the first time. */
  get state(): SessionState | undefined {
    return this.#state;
  }

  onState(listener: () => void): () => void {
    this.#sessions.add(listener);
    return () => this.#sessions.delete(listener);
  }

  onNews(listener: () => void): () => void {
    this.#news.add(listener);
    return () => this.#news.delete(listener);
  }

  /** Throws CallError. At the signal the work ends, and this with INTERRUPTED. */
  call<Name extends CallName>(
    name: Name,
    input: InputOf<Name>,
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly onProgress?: ((progress: WorkProgress) => void) | undefined;
      /** The answer that comes is the device's, as of then. */
      readonly onAsOf?: ((ms: number) => void) | undefined;
    } = {},
  ): Promise<OutputOf<Name>> {
    this.#last += 1;
    const id = this.#last;
    const { signal, onProgress, onAsOf } = options;
    return new Promise<OutputOf<Name>>((resolve, reject) => {
      const answer = resolve as (output: unknown) => void;
      this.#waiting.set(id, { resolve: answer, reject, onProgress, onAsOf });
      const stop = () => this.#say({ kind: 'cancel', id });
      if (signal?.aborted === true) stop();
      signal?.addEventListener('abort', stop, { once: true });
      this.#say({ kind: 'call', id, name, input });
    });
  }

  /** A page stands that wants to know the session. */
  begin(): void {
    if (this.#port !== undefined || this.#early !== undefined) return;
    this.#early = [];
    // A page that shows nothing before the worker has answered has no picture to wait for.
    const isEmpty = (document.querySelector('#app')?.textContent ?? '').trim() === '';
    if (isEmpty) this.#start();
    else afterPaint(() => this.#start(), mostPaintMs);
  }

  #start(): void {
    const url = workerScript();
    const worker = this.isShared
      ? new SharedWorker(url, { type: 'module', name: 'salus' })
      : new Worker(url, { type: 'module', name: 'salus' });
    const port: Port = 'port' in worker ? worker.port : worker;
    worker.addEventListener('error', () => {
      if (this.#early !== undefined) setTimeout(() => this.#start(), againMs);
    });
    port.onmessage = ({ data }) => {
      this.#early = undefined;
      this.#hear(data);
    };
    for (const message of this.#early ?? []) port.postMessage(message);
    this.#port = port;
  }

  #say(message: ToWorker): void {
    this.begin();
    this.#early?.push(message);
    this.#port?.postMessage(message);
  }

  #hear(message: FromWorker): void {
    if (message.kind === 'session') {
      this.#state = message.state;
      for (const listener of this.#sessions) listener();
    } else if (message.kind === 'news') {
      for (const listener of this.#news) listener();
    } else {
      const waiting = this.#waiting.get(message.id);
      if (waiting === undefined) return;
      if (message.kind === 'progress') {
        waiting.onProgress?.(message.progress);
        return;
      }
      if (message.kind === 'as of') {
        waiting.onAsOf?.(message.ms);
        return;
      }
      this.#waiting.delete(message.id);
      if (message.kind === 'done') waiting.resolve(message.output);
      else waiting.reject(new CallError(message.failure));
    }
  }
}

export const link = new Link();

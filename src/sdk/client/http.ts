import { unknownRefusal } from '../../api/message-parts.ts';
import { isCode } from '../../codes/index.ts';
import { concatBytes } from '../../primitives/bytes.ts';
import { CodedError, type ErrorDetails, isCoded } from '../../primitives/errors.ts';

/** The part of `fetch` that the SDK uses: Node's, a browser's, or a test's own. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpOptions {
  readonly fetch?: Fetch;
  readonly timeoutMs?: number;
  /** Milliseconds before each further try of a call that may be repeated. */
  readonly retryDelaysMs?: readonly number[];
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below the base URL, with the query. */
  readonly path: string;
  readonly json?: unknown;
  readonly body?: Uint8Array | Blob | ReadableStream<Uint8Array>;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** The answer may have at most so many bytes. */
  readonly maxBytes?: number | undefined;
  /** Sending it twice does no more than once. */
  readonly repeatable?: boolean;
}

const mebibyte = 1024 * 1024;

/**
 * Talks to one gateway: every failure comes out as a coded error, every answer is bounded.
 *
 * Throws the refusal's own code; REFUSAL_UNKNOWN (a code of a newer version), GATEWAY_UNREACHABLE (no answer, or not
 * in time), GATEWAY_LIED (an answer that is not one), BODY_TOO_LARGE, INTERRUPTED (the caller's signal).
 */
export class Http {
  readonly baseUrl: string;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;
  /** Milliseconds before each further try. */
  readonly retryDelaysMs: readonly number[];

  constructor(baseUrl: string, options: HttpOptions = {}) {
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#timeoutMs = options.timeoutMs ?? 60_000;
    this.retryDelaysMs = options.retryDelaysMs ?? [100, 400, 1_600];
  }

  async json(call: Call): Promise<unknown> {
    const bytes = await this.bytes(call);
    try {
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch (cause) {
      throw new CodedError('GATEWAY_LIED', { path: routeOf(call) }, cause);
    }
  }

  async bytes(call: Call): Promise<Uint8Array> {
    // A stream can be read once, so it cannot be sent again.
    const repeatable =
      (call.repeatable ?? call.method === 'GET') && !(call.body instanceof ReadableStream);
    const delays = repeatable ? this.retryDelaysMs : [];
    for (const delayMs of [...delays, undefined]) {
      try {
        return await this.#once(call);
      } catch (error) {
        const passing = isCoded(error, 'GATEWAY_UNREACHABLE') || isCoded(error, 'STORE_BUSY');
        if (delayMs === undefined || !passing) throw error;
        await pause(delayMs, call.signal);
      }
    }
    throw new CodedError('INTERNAL');
  }

  /** A response whose body is read as it comes (server-sent events). */
  async open(call: Call): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#send(call, call.signal);
    if (!response.ok) throw await refusalOf(response, call);
    if (response.body === null) throw new CodedError('GATEWAY_LIED', { path: routeOf(call) });
    return response.body;
  }

  async #once(call: Call): Promise<Uint8Array> {
    const late = AbortSignal.timeout(call.timeoutMs ?? this.#timeoutMs);
    const signal = call.signal === undefined ? late : AbortSignal.any([late, call.signal]);
    const response = await this.#send(call, signal);
    if (!response.ok) throw await refusalOf(response, call);
    try {
      return await readAll(response, call.maxBytes ?? 64 * mebibyte);
    } catch (error) {
      throw failureOf(error, call);
    }
  }

  async #send(call: Call, signal: AbortSignal | undefined): Promise<Response> {
    const init = requestOf(call);
    if (signal !== undefined) init.signal = signal;
    let response: Response;
    try {
      response = await this.#fetch(`${this.baseUrl}${call.path}`, init);
    } catch (error) {
      throw failureOf(error, call, this.baseUrl);
    }
    if (!isRedirect(response)) return response;
    await response.body?.cancel();
    throw new CodedError('GATEWAY_UNREACHABLE', { path: routeOf(call), redirects: true });
  }
}

/** `/v1/wallet` and no further: names and keys of rows stand behind it. */
export function routeOf({ path }: Pick<Call, 'path'>): string {
  return path.split(/[/?]/, 3).join('/');
}

function requestOf(call: Call): RequestInit {
  // Ciphertext does not compress, and a compressed answer could claim any size.
  const headers: Record<string, string> = { 'accept-encoding': 'identity', ...call.headers };
  const init: RequestInit & { duplex?: 'half' } = {
    method: call.method,
    headers,
    // Else a token or a body could leave for another address, or for one without TLS, before anybody saw it.
    redirect: 'manual',
    // In a browser: no cookies, no answer from an earlier time, and no address of a page told.
    credentials: 'omit',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
  };
  if (call.json !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(call.json);
  } else if (call.body !== undefined) {
    headers['content-type'] = call.contentType ?? 'application/octet-stream';
    if (call.body instanceof ReadableStream) {
      init.body = call.body;
      init.duplex = 'half';
    } else if (call.body instanceof Blob) {
      init.body = call.body;
    } else {
      // A view of its own buffer: `fetch` types want one that is not shared.
      init.body = new Uint8Array(call.body);
    }
  }
  return init;
}

/** A browser hides where it would lead. */
function isRedirect({ type, status }: Response): boolean {
  return type === 'opaqueredirect' || (status >= 300 && status < 400);
}

function failureOf(error: unknown, call: Call, address?: string): CodedError {
  if (error instanceof CodedError) return error;
  if (call.signal?.aborted) return new CodedError('INTERRUPTED', {}, error);
  return new CodedError(
    'GATEWAY_UNREACHABLE',
    { ...addressOf(address), path: routeOf(call), ...certificateIn(error) },
    error,
  );
}

/** What was tried, without what may stand in an address for the server alone. */
function addressOf(text: string | undefined): { readonly address?: string } {
  if (text === undefined || !URL.canParse(text)) return {};
  const { origin, pathname } = new URL(text);
  return { address: `${origin}${pathname}` };
}

/** Somebody answered whom no certificate proves: said, since it is no network that is down. A browser does not tell. */
function certificateIn(error: unknown): { certificate?: string } {
  const code: unknown = Object(Object(error).cause).code;
  const isOne = typeof code === 'string' && /^[A-Z_]*(CERT|ISSUER|ALTNAME)[A-Z_]*$/.test(code);
  return isOne ? { certificate: code } : {};
}

/** `{ok: false, code, kind, sentence, details?}`; what does not have this form is not believed. */
async function refusalOf(response: Response, call: Call): Promise<CodedError> {
  const path = routeOf(call);
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder().decode(await readAll(response, mebibyte)));
  } catch (cause) {
    const down = response.status >= 502 && response.status <= 504;
    const code = down ? 'GATEWAY_UNREACHABLE' : 'GATEWAY_LIED';
    return new CodedError(code, { path, status: response.status }, cause);
  }
  const { code, details } = Object(body);
  if (typeof code !== 'string' || !isCode(code)) {
    return (
      unknownRefusal(body) ?? new CodedError('GATEWAY_LIED', { path, status: response.status })
    );
  }
  return new CodedError(code, scalarsOf(details));
}

function scalarsOf(details: unknown): ErrorDetails {
  const scalars: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(Object(details))) {
    if (typeof value === 'string') scalars[name] = value.slice(0, 200);
    else if (typeof value === 'number' || typeof value === 'boolean') scalars[name] = value;
  }
  return scalars;
}

async function readAll(response: Response, maxBytes: number): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let length = 0;
  // Stop while reading: Content-Length is only the sender's claim.
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel();
      throw new CodedError('BODY_TOO_LARGE', { maxBytes });
    }
    pieces.push(value);
  }
  return concatBytes(...pieces);
}

/** Throws INTERRUPTED. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CodedError('INTERRUPTED');
}

/** What comes, for whoever does not wait longer than his own signal: others may wait for the same. Throws INTERRUPTED. */
export function orStopped<T>(coming: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return coming;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new CodedError('INTERRUPTED'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    coming.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/** Throws INTERRUPTED when the signal comes first. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new CodedError('INTERRUPTED'));
    };
    if (signal?.aborted) {
      reject(new CodedError('INTERRUPTED'));
      return;
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

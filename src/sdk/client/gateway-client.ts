import type { Route } from '../../api/route.ts';
import { blobGet, ticketHeader } from '../../api/routes/blob-get.ts';
import { blobPut } from '../../api/routes/blob-put.ts';
import { eventsGet } from '../../api/routes/events-get.ts';
import { receiptGet } from '../../api/routes/receipt-get.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, BlobId, TxId } from '../../primitives/ids.ts';
import { blobIdOf } from '../../storage/blob-id.ts';
import { type Answer, type Asking, call, type Sendable, type SessionSource } from './call.ts';
import type { Http } from './http.ts';

/**
 * One gateway as a client sees it: any route by `call`, and what takes more than a call. Bytes have the id they were
 * asked by. Throws what `call` throws, and BLOB_CORRUPT.
 */
export class GatewayClient {
  readonly http: Http;
  readonly #session: SessionSource | undefined;

  constructor(http: Http, session?: SessionSource) {
    this.http = http;
    this.#session = session;
  }

  /** The same gateway, signed in as somebody. */
  as(session: SessionSource): GatewayClient {
    return new GatewayClient(this.http, session);
  }

  /** See `call` in call.ts. */
  call<R extends Route>(route: R, asking: Asking<R>): Promise<Answer<R>> {
    return call({ http: this.http, session: this.#session }, route, asking);
  }

  /** The receipt's bytes; `ledger/chain/receipt.ts` says whether they prove anything. Throws TX_UNKNOWN. */
  receipt(id: TxId, signal?: AbortSignal): Promise<Uint8Array> {
    return this.call(receiptGet, { params: { id }, signal });
  }

  /** Stores one body under its id. Throws BLOB_MISMATCH, QUOTA_EXCEEDED, GATEWAY_LIED (another was stored). */
  async putBlob(id: BlobId, stream: Sendable, signal?: AbortSignal): Promise<void> {
    const { stored } = await this.call(blobPut, { params: { id }, stream, signal });
    if (!stored.some((it) => it.id === id)) throw new CodedError('GATEWAY_LIED', { blobId: id });
  }

  /**
   * The bytes under their own id. `maxBytes`: more the named bytes cannot have; `limitBytes`: more is not taken in.
   * Throws BLOB_UNKNOWN, BLOB_CORRUPT when they are others, BODY_TOO_LARGE above the limit.
   */
  async blob(
    id: BlobId,
    options: {
      readonly at?: AccountId | undefined;
      readonly ticket?: string | undefined;
      readonly maxBytes?: number;
      readonly limitBytes?: number;
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): Promise<Uint8Array> {
    const { at, ticket, limitBytes, signal } = options;
    const maxBytes = options.maxBytes ?? limitBytes ?? blobGet.answerBytes;
    const headers: Record<string, string> = ticket === undefined ? {} : { [ticketHeader]: ticket };
    // A minute, and time for slow lines: half a MiB a second.
    const timeoutMs = 60_000 + Math.ceil(Math.min(maxBytes, maxBlobBytes) / 512);
    const asking = { params: { id }, query: { at }, headers, maxBytes, timeoutMs, signal };
    const bytes = await this.call(blobGet, asking).catch((error: unknown) => {
      if (!isCoded(error, 'BODY_TOO_LARGE') || limitBytes !== undefined) throw error;
      // More than the named bytes can have: reading on would only show the same.
      throw new CodedError('BLOB_CORRUPT', { blobId: id }, error);
    });
    if (blobIdOf(bytes) !== id) throw new CodedError('BLOB_CORRUPT', { blobId: id });
    return bytes;
  }

  /** Server-sent events from `lastHeight` on. */
  events(lastHeight: number | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const headers: Record<string, string> =
      lastHeight === undefined ? {} : { 'last-event-id': String(lastHeight) };
    return this.call(eventsGet, { headers, signal });
  }
}

/** What an answer in bytes says. Throws GATEWAY_LIED where it has not the agreed shape. */
export function believed<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
  try {
    return decode(bytes);
  } catch (cause) {
    throw new CodedError('GATEWAY_LIED', {}, cause);
  }
}

const maxBlobBytes = 64 * 1024 * 1024 * 1024;

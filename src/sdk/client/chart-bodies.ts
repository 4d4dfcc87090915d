import {
  decodeBodiesEnd,
  decodeNoBody,
  encodeBodiesAsk,
  maxBodiesAsked,
  type WhyNoBody,
} from '../../api/bodies.ts';
import { ticketHeader } from '../../api/routes/blob-get.ts';
import { bodiesPost } from '../../api/routes/bodies-post.ts';
import { sealedLength } from '../../crypto/chunked.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId } from '../../primitives/ids.ts';
import { cidBytesOf } from '../../storage/blob-id.ts';
import { type CarSection, carSections } from '../../storage/car.ts';
import type { LiveItem } from './check-rows.ts';
import type { GatewayClient } from './gateway-client.ts';
import { pause } from './http.ts';

/** A stream that brings nothing for so long is taken for cut. */
const silenceMs = 30_000;
/** SHA-256 begins here in the id of a leaf. */
const digestAt = 4;

/** Proven rows of one account whose bodies are wanted, in this order. */
export interface WantedBodies {
  readonly account: AccountId;
  readonly rows: readonly LiveItem[];
  /** The serving hospital, when it is another than one's own. */
  readonly at?: AccountId | undefined;
  /** What a read gave for them; one's own need none. */
  readonly ticket?: string | undefined;
}

/** What came for a row: bytes that are yet to be held against it, or why there are none. */
export type CameBody = { readonly row: LiveItem } & (
  | { readonly body: Uint8Array }
  | { readonly why: Exclude<WhyNoBody, 'alone'> }
);

/**
 * The bodies of many rows, as they come and in the order of the rows: one answer for thousands, begun again behind the
 * last whole body when it is cut. Nothing is believed here but lengths and order; the bytes are held against their row
 * when they are opened. Source: docs/protocol/http.md, rule H-25.
 *
 * Throws BLOB_UNKNOWN (the ticket is over: look anew), GATEWAY_LIED (another order, another body), BLOB_CORRUPT (another
 * length), GATEWAY_UNREACHABLE, STORE_BUSY, INTERRUPTED.
 */
export async function* chartBodies(
  gateway: GatewayClient,
  wanted: WantedBodies,
  signal?: AbortSignal,
): AsyncGenerator<CameBody, void, undefined> {
  const { rows } = wanted;
  let came = 0;
  for (let tries = 0; came < rows.length; ) {
    const asked = rows.slice(came, came + maxBodiesAsked);
    try {
      for await (const body of oneAnswer(gateway, { ...wanted, rows: asked }, signal)) {
        came += 1;
        tries = 0;
        yield body;
      }
    } catch (error) {
      const isCut = isCoded(error, 'GATEWAY_UNREACHABLE') || isCoded(error, 'STORE_BUSY');
      // Beginning with the first of them whenever a body has come since the last cut.
      const waitMs = gateway.http.retryDelaysMs[tries++];
      if (!isCut || waitMs === undefined) throw error;
      await pause(waitMs, signal);
    }
  }
}

async function* oneAnswer(
  gateway: GatewayClient,
  { account, rows, at, ticket }: WantedBodies,
  signal: AbortSignal | undefined,
): AsyncGenerator<CameBody, void, undefined> {
  const silence = new Silence(signal);
  try {
    const stream = encodeBodiesAsk({ account, recordIds: rows.map((row) => row.recordId) });
    const headers: Record<string, string> = ticket === undefined ? {} : { [ticketHeader]: ticket };
    const answer = await gateway.call(bodiesPost, {
      ...{ query: { at }, stream, headers },
      signal: silence.signal,
    });
    const sections = carSections(silence.of(answer));
    for (const row of rows) {
      const said = await nextOf(sections);
      const why = said.kind === 'leaf' ? undefined : whyNot(row, said);
      if (why === undefined) yield { row, body: bodyOf(row, said) };
      else if (why === 'alone')
        yield { row, body: await fetchedAlone(gateway, row, at, ticket, signal) };
      else yield { row, why };
    }
    const end = await nextOf(sections);
    if (end.kind !== 'note' || countIn(end) !== rows.length) throw lied();
    if ((await sections.next()).done !== true) throw lied();
  } catch (error) {
    throw silence.failure(error);
  } finally {
    silence.end();
  }
}

const lied = (cause?: unknown): CodedError =>
  new CodedError('GATEWAY_LIED', { path: bodiesPost.path }, cause);

async function nextOf(sections: AsyncGenerator<CarSection, void, undefined>): Promise<CarSection> {
  const next = await sections.next();
  // An answer says itself when it is whole: what ends before that was cut.
  if (next.done === true) throw new CodedError('GATEWAY_UNREACHABLE', { path: bodiesPost.path });
  return next.value;
}

function bodyOf(row: LiveItem, { digest, bytes }: CarSection): Uint8Array {
  const { recordId, blobId, paddedSize } = row;
  if (!equalBytes(digest, cidBytesOf(blobId).subarray(digestAt))) throw lied();
  if (bytes.length !== sealedLength(paddedSize)) {
    throw new CodedError('BLOB_CORRUPT', { recordId, blobId });
  }
  return bytes;
}

function whyNot({ recordId }: LiveItem, { bytes }: CarSection): WhyNoBody {
  let said: ReturnType<typeof decodeNoBody>;
  try {
    said = decodeNoBody(bytes);
  } catch (cause) {
    throw lied(cause);
  }
  if (said.recordId !== recordId) throw lied();
  return said.why;
}

function countIn({ bytes }: CarSection): number {
  try {
    return decodeBodiesEnd(bytes);
  } catch (cause) {
    throw lied(cause);
  }
}

function fetchedAlone(
  gateway: GatewayClient,
  { blobId, paddedSize }: LiveItem,
  at: AccountId | undefined,
  ticket: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return gateway.blob(blobId, { at, ticket, maxBytes: sealedLength(paddedSize), signal });
}

/** Ends a stream that says nothing any more, and tells what ended it. */
class Silence {
  readonly #caller: AbortSignal | undefined;
  readonly #ended = new AbortController();
  readonly signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(caller: AbortSignal | undefined) {
    this.#caller = caller;
    const own = this.#ended.signal;
    this.signal = caller === undefined ? own : AbortSignal.any([own, caller]);
    this.#wait();
  }

  async *of(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = stream.getReader();
    try {
      for (;;) {
        this.#wait();
        const { done, value } = await reader.read();
        // What is done with it meanwhile is not the other side's silence.
        clearTimeout(this.#timer);
        if (done) return;
        yield value;
      }
    } finally {
      void reader.cancel().catch(() => undefined);
    }
  }

  failure(error: unknown): unknown {
    if (this.#caller?.aborted === true) return new CodedError('INTERRUPTED', {}, error);
    const path = bodiesPost.path;
    const isCut = isCoded(error, 'CAR_INVALID') && error.details.what === 'cut short';
    if (isCut || !isCoded(error)) return new CodedError('GATEWAY_UNREACHABLE', { path }, error);
    // The silence itself comes out as the stop that it is of the call.
    if (isCoded(error, 'INTERRUPTED'))
      return new CodedError('GATEWAY_UNREACHABLE', { path }, error);
    return isCoded(error, 'CAR_INVALID') ? lied(error) : error;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ended.abort(), silenceMs);
  }
}

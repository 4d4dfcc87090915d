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
 * The bodies of many rows, as many at once as have come and in the order of the rows: one answer for thousands, begun again behind the
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
): AsyncGenerator<readonly CameBody[], void, undefined> {
  const { rows } = wanted;
  let came = 0;
  for (let tries = 0; came < rows.length; ) {
    const asked = rows.slice(came, came + maxBodiesAsked);
    try {
      for await (const bodies of oneAnswer(gateway, { ...wanted, rows: asked }, signal)) {
        came += bodies.length;
        tries = 0;
        yield bodies;
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
): AsyncGenerator<readonly CameBody[], void, undefined> {
  const silence = new Silence(signal);
  try {
    const stream = encodeBodiesAsk({ account, recordIds: rows.map((row) => row.recordId) });
    const headers: Record<string, string> = ticket === undefined ? {} : { [ticketHeader]: ticket };
    const answer = await gateway.call(bodiesPost, {
      ...{ query: { at }, stream, headers },
      signal: silence.signal,
    });
    const told = new Told(rows);
    for await (const sections of carSections(silence.of(answer))) {
      for (const section of sections) {
        const alone = told.take(section);
        if (alone === undefined) continue;
        yield* told.whole();
        yield [{ row: alone, body: await fetchedAlone(gateway, alone, at, ticket, signal) }];
      }
      yield* told.whole();
      told.mayGoOn();
    }
    told.requireEnd();
  } catch (error) {
    throw silence.failure(error);
  } finally {
    silence.end();
  }
}

/** What an answer has said so far, held against the rows in their order. */
class Told {
  readonly #rows: readonly LiveItem[];
  #came: CameBody[] = [];
  #next = 0;
  #isEnded = false;
  #failure: unknown;

  constructor(rows: readonly LiveItem[]) {
    this.#rows = rows;
  }

  /** Gives the row whose body is to be fetched alone. What cannot be is kept until what came before it was given. */
  take(section: CarSection): LiveItem | undefined {
    if (this.#failure !== undefined) return undefined;
    try {
      return this.#take(section);
    } catch (error) {
      this.#failure = error;
      return undefined;
    }
  }

  *whole(): Generator<readonly CameBody[], void, undefined> {
    const came = this.#came;
    this.#came = [];
    if (came.length > 0) yield came;
  }

  /** Throws GATEWAY_LIED, BLOB_CORRUPT. */
  mayGoOn(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** An answer says itself when it is whole: what ends before that was cut. Throws GATEWAY_UNREACHABLE. */
  requireEnd(): void {
    if (!this.#isEnded) throw new CodedError('GATEWAY_UNREACHABLE', { path: bodiesPost.path });
  }

  #take(said: CarSection): LiveItem | undefined {
    if (this.#isEnded) throw lied();
    const row = this.#rows[this.#next];
    if (row === undefined) {
      if (said.kind !== 'note' || countIn(said) !== this.#rows.length) throw lied();
      this.#isEnded = true;
      return undefined;
    }
    const why = said.kind === 'leaf' ? undefined : whyNot(row, said);
    this.#next += 1;
    if (why === 'alone') return row;
    this.#came.push(why === undefined ? { row, body: bodyOf(row, said) } : { row, why });
    return undefined;
  }
}

const lied = (cause?: unknown): CodedError =>
  new CodedError('GATEWAY_LIED', { path: bodiesPost.path }, cause);

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

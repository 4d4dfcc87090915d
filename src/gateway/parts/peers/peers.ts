import { Readable } from 'node:stream';
import { refusalAnswer, textOfBytes, unknownRefusal } from '../../../api/message-parts.ts';
import {
  type AddressOf,
  type AnswerOf,
  type JsonOf,
  partsOf,
  pathOf,
  type Route,
} from '../../../api/route.ts';
import { blobGet, ticketHeader } from '../../../api/routes/blob-get.ts';
import { blobPut } from '../../../api/routes/blob-put.ts';
import { blobsPost } from '../../../api/routes/blobs-post.ts';
import { bodiesPost } from '../../../api/routes/bodies-post.ts';
import { sessionPost } from '../../../api/routes/session-post.ts';
import { encodeSessionProof } from '../../../api/session.ts';
import { isCode } from '../../../codes/index.ts';
import { labels } from '../../../crypto/labels.ts';
import { signLabelled } from '../../../crypto/signature.ts';
import { base64urlToBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId, BlobId } from '../../../primitives/ids.ts';
import { Tally } from '../../../primitives/tally.ts';
import type { BlobStore } from '../../../storage/blob-store.ts';
import { encodeCar } from '../../../storage/car.ts';
import type { GatewayBase } from '../../base.ts';
import { definePart } from '../../part.ts';

/** Marks what a gateway passes on: the peer serves it or refuses, it never passes it on again. */
export const forwardedHeader = 'x-salus-forwarded';

/** Names the person for whom a gateway stores bytes at a peer. */
export const broughtForHeader = 'x-salus-brought-for';

/** One account gets one in so many of the requests that it has here. */
const passedOnShare = 10;
const maxAnswerBytes = 64 * 1024 * 1024;
/** Above this a blob travels alone. */
const carBlobBytes = 1024 * 1024;

/** Blobs of a store that one person put there. */
interface BroughtBlobs {
  readonly blobIds: readonly BlobId[];
  readonly blobs: BlobStore;
  readonly person: AccountId;
}

interface Upload {
  readonly path: string;
  readonly person: AccountId;
  readonly source: AsyncIterable<Uint8Array>;
}

/**
 * Talks to the gateways of other hospitals as this hospital's account. A peer's refusal is passed on as it is;
 * whatever else goes wrong is GATEWAY_UNREACHABLE or GATEWAY_LIED. Source: docs/protocol/http.md, rule H-16.
 */
export class Peers {
  readonly #base: GatewayBase;
  readonly #sessions = new Map<AccountId, { readonly token: string; readonly expiresMs: number }>();

  /** What was passed on, by whose it was. */
  readonly #passedOn: Tally;

  constructor(base: GatewayBase) {
    this.#base = base;
    this.#passedOn = new Tally(base.now, 60_000);
  }

  /** A call of JSON; with a session as this hospital where the route wants one. */
  async call<R extends Route>(
    peer: AccountId,
    route: R,
    asking: AddressOf<R> & JsonOf<R>,
  ): Promise<AnswerOf<R>> {
    const isSignedIn = route.who === 'session' || route.who === 'peer';
    return answerOf(route, await boundedJson(await this.#ask(peer, route, asking, isSignedIn)));
  }

  /**
   * Passes a call of somebody's on, signed in as this hospital, so that the peer knows from whom it comes. One account
   * gets a tenth of what one may ask here: all of a hospital's people come from one address at the peer.
   * Throws as `call`, RATE_LIMITED. Source: docs/protocol/http.md, rule H-16.
   */
  async passOn<R extends Route>(
    peer: AccountId,
    route: R,
    asking: AddressOf<R> & JsonOf<R>,
    account: AccountId,
  ): Promise<AnswerOf<R>> {
    return answerOf(
      route,
      await boundedJson(await this.passOnUnread(peer, route, asking, account)),
    );
  }

  /** The same, with the answer as it comes: for who hands it on. */
  passOnUnread<R extends Route>(
    peer: AccountId,
    route: R,
    asking: AddressOf<R> & JsonOf<R>,
    account: AccountId,
  ): Promise<Response> {
    this.#count(account);
    return this.#ask(peer, route, asking, true);
  }

  /** The same, of bytes in place of JSON, as they were sent here. */
  async passOnBytes<R extends Route & { readonly stream: string }>(
    peer: AccountId,
    route: R,
    asking: AddressOf<R> & { readonly bytes: Uint8Array },
    account: AccountId,
  ): Promise<AnswerOf<R>> {
    this.#count(account);
    const authorization = await this.#authorization(peer);
    const headers = { 'content-type': route.stream, authorization };
    const init = { method: route.method, headers, body: new Uint8Array(asking.bytes) };
    return answerOf(route, await boundedJson(await this.#send(peer, pathOf(route, asking), init)));
  }

  /** Throws RATE_LIMITED. */
  #count(account: AccountId): void {
    const share = Math.ceil(this.#base.settings.requestsPerMinute / passedOnShare);
    if (!this.#passedOn.take(account, share)) throw new CodedError('RATE_LIMITED');
  }

  async #ask<R extends Route>(
    peer: AccountId,
    route: R,
    asking: AddressOf<R> & JsonOf<R>,
    isSignedIn: boolean,
  ): Promise<Response> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (isSignedIn) headers.authorization = await this.#authorization(peer);
    const body = JSON.stringify(partsOf(asking).body);
    return this.#send(peer, pathOf(route, asking), { method: route.method, headers, body });
  }

  /** Bytes of a blob as they come, with the status and headers of the range that was asked for. */
  async blob(
    peer: AccountId,
    id: BlobId,
    wanted: { readonly range?: string | undefined; readonly ticket?: string | undefined },
  ): Promise<Response> {
    const headers: Record<string, string> = { authorization: await this.#authorization(peer) };
    if (wanted.range !== undefined) headers.range = wanted.range;
    if (wanted.ticket !== undefined) headers[ticketHeader] = wanted.ticket;
    return this.#send(peer, pathOf(blobGet, { params: { id } }), { method: 'GET', headers }, false);
  }

  /** Bodies of many rows as they come, for a reader who shows this ticket. Throws as `passOn`. */
  async bodies(
    peer: AccountId,
    ask: { readonly bytes: Uint8Array; readonly ticket: string | undefined },
    account: AccountId,
    signal: AbortSignal,
  ): Promise<Response> {
    this.#count(account);
    const headers: Record<string, string> = {
      'content-type': bodiesPost.stream,
      authorization: await this.#authorization(peer),
    };
    if (ask.ticket !== undefined) headers[ticketHeader] = ask.ticket;
    const init = { method: bodiesPost.method, headers, body: new Uint8Array(ask.bytes), signal };
    return this.#send(peer, pathOf(bodiesPost, {}), init, false);
  }

  /** Copies blobs of this store to a peer, in the name of who brought them: small ones together, large ones alone. */
  async pushBlobs(peer: AccountId, { blobIds, blobs, person }: BroughtBlobs): Promise<void> {
    const sizes = await Promise.all(blobIds.map((id) => blobs.size(id)));
    const small = blobIds.filter((_, at) => (sizes[at] ?? 0) <= carBlobBytes);
    const large = blobIds.filter((_, at) => (sizes[at] ?? 0) > carBlobBytes);
    if (small.length > 0) {
      const source = async function* () {
        for (const id of small) yield { id, bytes: await blobs.read(id) };
      };
      await this.#upload(peer, blobsPost, {
        ...{ path: pathOf(blobsPost, {}), person },
        source: encodeCar(source()),
      });
    }
    for (const id of large) {
      await this.#upload(peer, blobPut, {
        ...{ path: pathOf(blobPut, { params: { id } }), person },
        source: blobs.readStream(id),
      });
    }
  }

  async #upload(
    peer: AccountId,
    { method, stream }: typeof blobsPost | typeof blobPut,
    { path, person, source }: Upload,
  ): Promise<void> {
    const headers = {
      'content-type': stream,
      [broughtForHeader]: person,
      authorization: await this.#authorization(peer),
    };
    const body = Readable.toWeb(Readable.from(source, { objectMode: false }));
    const response = await this.#send(peer, path, { method, headers, body, duplex: 'half' }, false);
    await response.body?.cancel();
  }

  /** Throws the peer's refusal, GATEWAY_UNREACHABLE. Uploads and downloads have no deadline of their own. */
  async #send(
    peer: AccountId,
    path: string,
    init: RequestInit & { duplex?: 'half' },
    isTimed = true,
  ): Promise<Response> {
    const url = `${await this.#urlOf(peer)}${path}`;
    let response: Response;
    try {
      response = await this.#base.fetch(url, {
        ...init,
        headers: { ...init.headers, 'accept-encoding': 'identity', [forwardedHeader]: '1' },
        redirect: 'error',
        ...(isTimed ? { signal: AbortSignal.timeout(this.#base.settings.peerTimeoutMs) } : {}),
      });
    } catch (cause) {
      throw new CodedError('GATEWAY_UNREACHABLE', { organisation: peer }, cause);
    }
    if (!response.ok) throw await refusalFrom(response, peer);
    return response;
  }

  async #urlOf(peer: AccountId): Promise<string> {
    const known = this.#base.peerUrls.get(peer) ?? (await this.#base.view.organisation(peer))?.url;
    if (known === undefined || known === '') {
      throw new CodedError('GATEWAY_UNREACHABLE', { organisation: peer });
    }
    return known.replace(/\/+$/, '');
  }

  async #authorization(peer: AccountId): Promise<string> {
    const { now, chainId, organisation, key } = this.#base;
    const kept = this.#sessions.get(peer);
    if (kept !== undefined && kept.expiresMs - 30_000 > now()) return `Bearer ${kept.token}`;
    const asked = await this.call(peer, sessionPost, { body: { account: organisation } });
    const challenge = 'challenge' in asked ? asked.challenge : '';
    const challengeBytes = base64urlToBytes(challenge) ?? new Uint8Array(0);
    if (challengeBytes.length === 0) throw new CodedError('GATEWAY_LIED', { organisation: peer });
    const proof = encodeSessionProof({
      chainId,
      organisation: peer,
      account: organisation,
      challenge: challengeBytes,
    });
    const signature = textOfBytes(await signLabelled(key, labels.sessionSign, proof));
    const publicKey = textOfBytes(key.publicKey);
    const session = await this.call(peer, sessionPost, {
      body: { account: organisation, challenge, publicKey, signature },
    });
    if (!('token' in session)) throw new CodedError('GATEWAY_LIED', { organisation: peer });
    this.#sessions.set(peer, session);
    return `Bearer ${session.token}`;
  }
}

async function refusalFrom(response: Response, peer: AccountId): Promise<CodedError> {
  try {
    const answer = refusalAnswer.parse(await boundedJson(response));
    const { code, details } = answer;
    // A session that the peer forgot (it restarted) is nothing its client could mend.
    if (isCode(code) && code !== 'INTERNAL' && code !== 'SESSION_EXPIRED') {
      return new CodedError(code, details ?? {});
    }
    const unknown = isCode(code) ? undefined : unknownRefusal(answer);
    if (unknown !== undefined) return unknown;
  } catch {
    // Not an answer of a gateway: said below.
  }
  return new CodedError('GATEWAY_UNREACHABLE', { organisation: peer, status: response.status });
}

async function boundedJson(response: Response): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of response.body ?? []) {
      bytes += piece.length;
      if (bytes > maxAnswerBytes) throw new CodedError('GATEWAY_LIED', { bytes });
      pieces.push(piece);
    }
    return JSON.parse(Buffer.concat(pieces).toString('utf8'));
  } catch (cause) {
    throw new CodedError('GATEWAY_LIED', {}, cause);
  }
}

function answerOf<R extends Route>({ answer }: R, value: unknown): AnswerOf<R> {
  const result = typeof answer === 'string' ? undefined : answer.safeParse(value);
  if (result?.success !== true) throw new CodedError('GATEWAY_LIED');
  return result.data as AnswerOf<R>;
}

export const peers = definePart({ name: 'peers', open: (base) => new Peers(base) });

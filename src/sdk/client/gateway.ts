import type { z } from 'zod';
import { type InboxAnswer, inboxAccepted, inboxAnswer } from '../../api/inbox.ts';
import {
  type EraseAnswer,
  eraseAnswer,
  type ItemsAnswer,
  type ItemsPage,
  type ItemsRequest,
  itemsAnswer,
  itemsPage,
  type ReadAnswer,
  readAnswer,
  type StoredAnswer,
  storedAnswer,
} from '../../api/items.ts';
import { bytesOfText, okAnswer, textOfBytes } from '../../api/message-parts.ts';
import { carMediaType, paths, ticketHeader } from '../../api/paths.ts';
import {
  cardAnswer,
  type EnrolAnswer,
  type EnrolRequest,
  enrolAnswer,
  type WhoAnswer,
  walletAnswer,
  walletPutAnswer,
  whoAnswer,
} from '../../api/people.ts';
import { challengeAnswer, sessionAnswer } from '../../api/session.ts';
import {
  type GenesisAnswer,
  genesisAnswer,
  type HeaderAnswer,
  headerAnswer,
  type StateAnswerMessage,
  type StatesAnswer,
  stateAnswer,
  statesAnswer,
  type TxOutcomeMessage,
  txOutcome,
} from '../../api/tx.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import type { AccountId, BlobId, TxId } from '../../primitives/ids.ts';
import { blobIdOf } from '../../storage/blob-id.ts';
import { type Call, type Http, routeOf } from './http.ts';

/** Gives a session token, a fresh one when the old was refused. */
export interface SessionSource {
  token(signal?: AbortSignal): Promise<string>;
  drop(token: string): void;
}

const mebibyte = 1024 * 1024;

/**
 * One gateway, call by call, as docs/protocol/http.md has them: what it answers has the agreed shape, and
 * bytes have the id they were asked by. Whether it is *true* is the callers' check.
 *
 * Throws the gateway's refusal, GATEWAY_LIED (not the agreed shape), BLOB_CORRUPT, and what `Http` throws.
 */
export class Gateway {
  readonly http: Http;
  readonly #session: SessionSource | undefined;

  constructor(http: Http, session?: SessionSource) {
    this.http = http;
    this.#session = session;
  }

  /** The same gateway, signed in as somebody. */
  as(session: SessionSource): Gateway {
    return new Gateway(this.http, session);
  }

  who(signal?: AbortSignal): Promise<WhoAnswer> {
    return this.#json(whoAnswer, { method: 'GET', path: paths.who, signal });
  }

  genesis(signal?: AbortSignal): Promise<GenesisAnswer> {
    return this.#json(genesisAnswer, { method: 'GET', path: paths.genesis, signal });
  }

  header(height: number | 'latest', signal?: AbortSignal): Promise<HeaderAnswer> {
    return this.#json(headerAnswer, { method: 'GET', path: paths.header(height), signal });
  }

  state(table: string, keyHex: string, signal?: AbortSignal): Promise<StateAnswerMessage> {
    const path = paths.state(table, keyHex, true);
    return this.#json(stateAnswer, { method: 'GET', path, signal });
  }

  states(
    rows: readonly { readonly table: string; readonly key: string }[],
    signal?: AbortSignal,
  ): Promise<StatesAnswer> {
    const call = { method: 'POST', path: paths.states, json: { rows }, repeatable: true } as const;
    return this.#signedIn((headers) => this.#json(statesAnswer, { ...call, headers, signal }));
  }

  /** May be repeated: a known transaction is answered with its result. */
  submit(tx: Uint8Array, waitMs: number, signal?: AbortSignal): Promise<TxOutcomeMessage> {
    return this.#json(txOutcome, {
      method: 'POST',
      path: paths.submit(waitMs),
      json: { tx: textOfBytes(tx) },
      repeatable: true,
      timeoutMs: waitMs + 30_000,
      signal,
    });
  }

  receipt(tx: TxId, signal?: AbortSignal): Promise<Uint8Array> {
    return this.http.bytes({
      method: 'GET',
      path: paths.receipt(tx),
      maxBytes: 8 * mebibyte,
      signal,
    });
  }

  challenge(account: AccountId, signal?: AbortSignal): Promise<{ challenge: string }> {
    const json = { account };
    return this.#json(challengeAnswer, { method: 'POST', path: paths.session, json, signal });
  }

  openSession(
    proof: { account: AccountId; challenge: string; publicKey: Uint8Array; signature: Uint8Array },
    signal?: AbortSignal,
  ): Promise<{ token: string; expiresMs: number }> {
    const json = {
      account: proof.account,
      challenge: proof.challenge,
      publicKey: textOfBytes(proof.publicKey),
      signature: textOfBytes(proof.signature),
    };
    return this.#json(sessionAnswer, { method: 'POST', path: paths.session, json, signal });
  }

  /** A CAR stream of blobs of 1 MiB at most. */
  putBlobs(car: Uint8Array, signal?: AbortSignal): Promise<StoredAnswer> {
    const call = {
      method: 'POST',
      path: paths.blobs,
      body: car,
      contentType: carMediaType,
    } as const;
    return this.#signedIn((headers) =>
      this.#json(storedAnswer, { ...call, headers, repeatable: true, signal }),
    );
  }

  async putBlob(
    id: BlobId,
    body: Uint8Array | (() => ReadableStream<Uint8Array> | Blob),
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#signedIn((headers) =>
      this.http.bytes({
        method: 'PUT',
        path: paths.blob(id),
        body: typeof body === 'function' ? body() : body,
        headers,
        repeatable: true,
        timeoutMs: 60 * 60_000,
        signal,
      }),
    );
  }

  /** The bytes under their own id. Throws BLOB_CORRUPT when they are others. */
  async blob(
    id: BlobId,
    options: {
      readonly at?: AccountId | undefined;
      readonly ticket?: string | undefined;
      readonly maxBytes?: number;
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): Promise<Uint8Array> {
    const { at, ticket, maxBytes = 256 * mebibyte, signal } = options;
    const path = paths.blob(id, at);
    const shown = ticket === undefined ? {} : { [ticketHeader]: ticket };
    const bytes = await this.#signedIn((session) =>
      this.http.bytes({
        method: 'GET',
        path,
        headers: { ...session, ...shown },
        maxBytes,
        // A minute, and time for slow lines: half a MiB a second.
        timeoutMs: 60_000 + Math.ceil(Math.min(maxBytes, 64 * 1024 * mebibyte) / 512),
        signal,
      }),
    ).catch((error: unknown) => {
      if (!isCoded(error, 'BODY_TOO_LARGE')) throw error;
      // More than the named bytes can have: reading on would only show the same.
      throw new CodedError('BLOB_CORRUPT', { blobId: id }, error);
    });
    if (blobIdOf(bytes) !== id) throw new CodedError('BLOB_CORRUPT', { blobId: id });
    return bytes;
  }

  deliver(request: ItemsRequest, signal?: AbortSignal): Promise<ItemsAnswer> {
    return this.#signedIn((headers) =>
      this.#json(itemsAnswer, {
        method: 'POST',
        path: paths.items,
        json: request,
        headers,
        signal,
      }),
    );
  }

  ownItems(
    account: AccountId,
    asked: { readonly since: number; readonly changed: number; readonly cursor?: string },
    signal?: AbortSignal,
  ): Promise<ItemsPage> {
    const path = paths.ownItems(account, asked, asked.cursor);
    return this.#signedIn((headers) =>
      this.#json(itemsPage, { method: 'GET', path, headers, signal }),
    );
  }

  /** Not repeatable: a nonce serves once. */
  read(signedRequest: Uint8Array, signal?: AbortSignal): Promise<ReadAnswer> {
    const json = { request: textOfBytes(signedRequest) };
    return this.#json(readAnswer, { method: 'POST', path: paths.read, json, signal });
  }

  erase(signedErase: Uint8Array, signal?: AbortSignal): Promise<EraseAnswer> {
    const json = { erase: textOfBytes(signedErase) };
    return this.#json(eraseAnswer, { method: 'POST', path: paths.erase, json, signal });
  }

  async sendMessage(signedMessage: Uint8Array, signal?: AbortSignal): Promise<void> {
    const json = { message: textOfBytes(signedMessage) };
    await this.#json(inboxAccepted, { method: 'POST', path: paths.inbox, json, signal });
  }

  inbox(after: number, signal?: AbortSignal): Promise<InboxAnswer> {
    const path = paths.inboxAfter(after);
    return this.#signedIn((headers) =>
      this.#json(inboxAnswer, { method: 'GET', path, headers, signal }),
    );
  }

  async removeFromInbox(id: number, signal?: AbortSignal): Promise<void> {
    const path = paths.inboxEntry(id);
    await this.#signedIn((headers) =>
      this.#json(okAnswer, { method: 'DELETE', path, headers, repeatable: true, signal }),
    );
  }

  /** Server-sent events from `lastHeight` on. */
  events(lastHeight: number | undefined, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    return this.#signedIn((headers) => {
      const resumed = lastHeight === undefined ? {} : { 'last-event-id': String(lastHeight) };
      return this.http.open({
        method: 'GET',
        path: paths.events,
        headers: { ...headers, ...resumed, accept: 'text/event-stream' },
        signal,
      });
    });
  }

  async getCopy(
    locator: Uint8Array,
    signal?: AbortSignal,
  ): Promise<{ version: number; sealed: Uint8Array } | undefined> {
    try {
      const path = paths.wallet(bytesToHex(locator));
      const { version, sealed } = await this.#json(walletAnswer, { method: 'GET', path, signal });
      return { version, sealed: bytesOfText(sealed) };
    } catch (error) {
      if (isCoded(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /** Throws WALLET_CONFLICT. */
  async putCopy(
    locator: Uint8Array,
    expectedVersion: number,
    sealed: Uint8Array,
    signal?: AbortSignal,
  ): Promise<void> {
    const path = paths.wallet(bytesToHex(locator));
    const json = { expectedVersion, sealed: textOfBytes(sealed) };
    await this.#signedIn((headers) =>
      this.#json(walletPutAnswer, { method: 'PUT', path, json, headers, signal }),
    );
  }

  enrol(request: EnrolRequest, signal?: AbortSignal): Promise<EnrolAnswer> {
    const json = request;
    return this.#json(enrolAnswer, { method: 'POST', path: paths.enrol, json, signal });
  }

  async card(account: AccountId, signal?: AbortSignal): Promise<Uint8Array> {
    const path = paths.card(account);
    const { card } = await this.#signedIn((headers) =>
      this.#json(cardAnswer, { method: 'GET', path, headers, signal }),
    );
    return bytesOfText(card);
  }

  async #json<S extends z.ZodType>(schema: S, call: Call): Promise<z.infer<S>> {
    const parsed = schema.safeParse(await this.http.json(call));
    if (!parsed.success) {
      throw new CodedError('GATEWAY_LIED', { path: routeOf(call) });
    }
    return parsed.data;
  }

  /** With the session's token; once more with a fresh one when the token had run out. */
  async #signedIn<T>(send: (headers: Readonly<Record<string, string>>) => Promise<T>): Promise<T> {
    const session = this.#session;
    if (session === undefined) throw new CodedError('UNAUTHENTICATED');
    const token = await session.token();
    try {
      return await send({ authorization: `Bearer ${token}` });
    } catch (error) {
      if (!isCoded(error, 'SESSION_EXPIRED') && !isCoded(error, 'UNAUTHENTICATED')) throw error;
      session.drop(token);
      return send({ authorization: `Bearer ${await session.token()}` });
    }
  }
}

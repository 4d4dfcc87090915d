import { bytesOfText, jsonIn, refusalAnswer } from '../../../api/message-parts.ts';
import { isCode } from '../../../codes/index.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import type { GatewayBase } from '../../../gateway/base.ts';
import { definePart } from '../../../gateway/part.ts';
import { concatBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import { noticeWord, serverAddressIn, statementLabel } from '../api/notice.ts';
import {
  dataServerRelayPost,
  type RelayedWord,
  relayedRoutes,
} from '../api/routes/data-server-relay-post.ts';
import { dataServersGet } from '../api/routes/data-servers-get.ts';
import { signedStatement, statement } from '../api/statement.ts';
import { type DataServerNotices, dataServerNotices } from './data-servers-part.ts';

/** A server that moved is found again after so long. */
const knownMs = 60_000;
const maxNoticesBytes = 256 * 1024;
const maxRefusalBytes = 16 * 1024;

/** What is passed on. */
export interface Passing {
  readonly server: AccountId;
  readonly word: RelayedWord;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal;
}

/**
 * Passes what people of this hospital signed for data servers on to them: of its own and of other hospitals', each at the
 * address that it signed. Nothing is kept. Source: docs/protocol/vitals-servers.md, rule VS-3a.
 */
export class DataServerRelay {
  readonly #base: GatewayBase;
  readonly #notices: DataServerNotices;
  readonly #known = new Map<AccountId, { readonly url: string; readonly untilMs: number }>();

  constructor(base: GatewayBase, notices: DataServerNotices) {
    this.#base = base;
    this.#notices = notices;
  }

  /** The server's answer. Throws its refusal, SERVER_UNKNOWN (it is none), GATEWAY_UNREACHABLE {server}. */
  async pass({ server, word, bytes, signal }: Passing): Promise<Uint8Array> {
    const { path, method, stream } = relayedRoutes[word];
    const url = await this.#urlOf(server, signal);
    const headers = { 'content-type': stream, 'accept-encoding': 'identity' };
    const init = { method, headers, body: new Uint8Array(bytes) };
    const response = await this.#ask(server, `${url}${path}`, init, signal);
    if (!response.ok) throw await refusalFrom(response, server);
    return read(response, dataServerRelayPost.answerBytes, server);
  }

  async #urlOf(server: AccountId, signal: AbortSignal): Promise<string> {
    const known = this.#known.get(server);
    if (known !== undefined && known.untilMs > this.#base.now()) return known.url;
    const row = await this.#base.view.account(server);
    if (row === undefined || row.role !== 'data-server' || row.frozen)
      throw new CodedError('SERVER_UNKNOWN', { server });
    const isOwn = row.organisation === this.#base.organisation;
    const shown = isOwn
      ? this.#notices.all()
      : await this.#shownBy(row.organisation, server, signal);
    for (const { account, notice } of shown) {
      if (account !== server) continue;
      const url = await addressIn(notice, server, row.signKey);
      if (url === undefined) continue;
      this.#known.set(server, { url, untilMs: this.#base.now() + knownMs });
      return url;
    }
    throw new CodedError('GATEWAY_UNREACHABLE', { server });
  }

  /** The notices that another hospital's gateway shows. */
  async #shownBy(organisation: AccountId, server: AccountId, signal: AbortSignal) {
    const { peerUrls, view } = this.#base;
    const url = peerUrls.get(organisation) ?? (await view.organisation(organisation))?.url ?? '';
    if (url === '') throw new CodedError('GATEWAY_UNREACHABLE', { server });
    const { method, path, answer } = dataServersGet;
    const asked = `${url.replace(/\/+$/, '')}${path}`;
    const response = await this.#ask(server, asked, { method }, signal);
    const bytes = await read(response, maxNoticesBytes, server);
    const parsed = answer.safeParse(jsonIn(bytes));
    if (!response.ok || !parsed.success) throw new CodedError('GATEWAY_UNREACHABLE', { server });
    return parsed.data.servers.map(({ account, notice }) => ({
      ...{ account, notice: bytesOfText(notice) },
    }));
  }

  async #ask(
    server: AccountId,
    url: string,
    init: RequestInit,
    signal: AbortSignal,
  ): Promise<Response> {
    const late = AbortSignal.timeout(this.#base.settings.peerTimeoutMs);
    try {
      return await this.#base.fetch(url, {
        ...init,
        redirect: 'error',
        signal: AbortSignal.any([late, signal]),
      });
    } catch (cause) {
      this.#known.delete(server);
      throw new CodedError('GATEWAY_UNREACHABLE', { server }, cause);
    }
  }
}

/** Undefined: it is not this server's, or names no place for HTTP. */
async function addressIn(
  notice: Uint8Array,
  server: AccountId,
  signKey: Uint8Array,
): Promise<string | undefined> {
  try {
    const { statement: bytes, signature } = decodeAs(signedStatement, notice);
    const { from, word, payload } = decodeAs(statement, bytes);
    const isHis = from === server && word === noticeWord;
    if (!isHis || !(await verifyLabelled(signKey, statementLabel, bytes, signature)))
      return undefined;
    return serverAddressIn(payload);
  } catch {
    return undefined;
  }
}

/** Throws GATEWAY_UNREACHABLE: it is longer, or broke off. */
async function read(response: Response, most: number, server: AccountId): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of response.body ?? []) {
      length += piece.length;
      if (length > most) throw new CodedError('BODY_TOO_LARGE', { maxBytes: most });
      pieces.push(piece);
    }
  } catch (cause) {
    throw new CodedError('GATEWAY_UNREACHABLE', { server }, cause);
  }
  return concatBytes(...pieces);
}

/** As the server said it; what is no refusal of one is told as its silence. */
async function refusalFrom(response: Response, server: AccountId): Promise<CodedError> {
  const silent = new CodedError('GATEWAY_UNREACHABLE', { server, status: response.status });
  const bytes = await read(response, maxRefusalBytes, server).catch(() => new Uint8Array(0));
  const parsed = refusalAnswer.safeParse(jsonIn(bytes));
  if (!parsed.success) return silent;
  const { code, details } = parsed.data;
  // A session is this gateway's to end, and a fault of the server is none of this gateway's.
  const isPassedOn = isCode(code) && code !== 'INTERNAL' && code !== 'SESSION_EXPIRED';
  return isPassedOn ? new CodedError(code, details ?? {}) : silent;
}

export const dataServerRelay = definePart({
  name: 'vitals-relay',
  open: (base, parts) => new DataServerRelay(base, parts.get(dataServerNotices)),
});

import { bytesOfText, jsonIn } from '../../../api/message-parts.ts';
import type { Route } from '../../../api/route.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import type { Answer, Asking, Sendable } from '../../../sdk/client/call.ts';
import type { Context } from '../../../sdk/client/context.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { noticeWord, serverAddressIn } from '../api/notice.ts';
import {
  dataServerRelayPost,
  type RelayedRoute,
  type RelayedWord,
  relayedRoutes,
} from '../api/routes/data-server-relay-post.ts';
import { dataServersGet } from '../api/routes/data-servers-get.ts';
import { signedStatement, statement } from '../api/statement.ts';
import { vitalsNames } from '../names.ts';

/** A data server that says nothing for so long counts as silent; there is the replica. */
const patienceMs = 10_000;

/** One data server, asked by the routes that are people's. */
export interface DataServerClient {
  /** Throws what `GatewayClient.call` throws. */
  call<R extends RelayedRoute>(route: R, asking: Asking<R>): Promise<Answer<R>>;
}

/** Finds data servers. */
export interface DataServerLine {
  /** Throws GATEWAY_UNREACHABLE: no hospital that answers knows where it is. */
  client(server: AccountId, signal?: AbortSignal): Promise<DataServerClient>;
}

/** Directly, or by way of the own gateway where this device reaches gateways alone. */
export const dataServerLine = (ctx: Context): DataServerLine =>
  ctx.onlyGateways ? relayedLine(ctx) : directLine(ctx);

/**
 * By way of the own hospital's gateway, signed in: it passes on what is signed for a server, and brings the server's answer.
 * Source: docs/protocol/vitals-servers.md, rule VS-3a.
 */
function relayedLine({ gateway }: Context): DataServerLine {
  return {
    client: async (server) => ({
      async call<R extends RelayedRoute>(route: R, asking: Asking<R>): Promise<Answer<R>> {
        const { stream, signal } = asking as Relayed;
        const { timeoutMs = patienceMs } = route as Route;
        const params = { server, word: wordOf(route) };
        const asked = { params, stream, signal, timeoutMs };
        const bytes = await gateway.call(dataServerRelayPost, asked);
        return answerIn(route, bytes) as Answer<R>;
      },
    }),
  };
}

interface Relayed {
  readonly stream: Sendable;
  readonly signal?: AbortSignal | undefined;
}

function wordOf(route: RelayedRoute): RelayedWord {
  const words = Object.keys(relayedRoutes) as RelayedWord[];
  const word = words.find((it) => relayedRoutes[it] === route);
  if (word === undefined) throw new CodedError('INTERNAL', { route: route.path });
  return word;
}

/** Throws GATEWAY_LIED: not of the agreed shape. */
function answerIn({ answer, path }: RelayedRoute, bytes: Uint8Array): unknown {
  if (answer === 'bytes') return bytes;
  const parsed = answer.safeParse(jsonIn(bytes));
  if (!parsed.success) throw new CodedError('GATEWAY_LIED', { path });
  return parsed.data;
}

/**
 * By the notices that hospitals show, each signed by its server's key on the ledger: a hospital can keep an address back, and
 * cannot name another. Source: docs/protocol/vitals-servers.md, rule VS-3.
 */
function directLine(ctx: Context): DataServerLine {
  let shown: Promise<readonly Shown[]> | undefined;
  return {
    async client(server, signal) {
      shown ??= shownNotices(ctx, signal);
      for (const { account, notice } of await shown) {
        const url = account === server ? await addressIn(ctx, account, notice, signal) : undefined;
        if (url !== undefined) {
          return new GatewayClient(new Http(url, { timeoutMs: patienceMs, retryDelaysMs: [] }));
        }
      }
      throw new CodedError('GATEWAY_UNREACHABLE', { server });
    },
  };
}

/** The data servers that hospitals show, each once, in the order of their accounts; nothing of it is proven yet. */
export async function shownServers(
  ctx: Context,
  signal?: AbortSignal,
): Promise<readonly AccountId[]> {
  const shown = await shownNotices(ctx, signal);
  return [...new Set(shown.map(({ account }) => account))].sort();
}

interface Shown {
  readonly account: AccountId;
  readonly notice: string;
}

async function shownNotices(ctx: Context, signal?: AbortSignal): Promise<readonly Shown[]> {
  const asked = ctx.gateways().map(async (gateway) => {
    try {
      return (await gateway.call(dataServersGet, { signal })).servers;
    } catch (error) {
      // One hospital that is away hides its own server, which is likely away with it.
      if (isCoded(error) && error.code !== 'INTERRUPTED') return [];
      throw error;
    }
  });
  return (await Promise.all(asked)).flat();
}

async function addressIn(
  ctx: Context,
  account: AccountId,
  notice: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    const { statement: bytes, signature } = decodeAs(signedStatement, bytesOfText(notice));
    const { from, word, payload } = decodeAs(statement, bytes);
    const { signKey } = await ctx.ledger.knownAccount(account, signal);
    const label = vitalsNames.labels.statement;
    const isHis = from === account && word === noticeWord;
    if (!isHis || !(await verifyLabelled(signKey, label, bytes, signature))) return undefined;
    return serverAddressIn(payload);
  } catch (error) {
    if (isCoded(error, 'INTERRUPTED')) throw error;
    if (isCoded(error)) return undefined;
    throw error;
  }
}

import { bytesOfText } from '../../../api/message-parts.ts';
import { verifyLabelled } from '../../../crypto/signature.ts';
import { utf8ToText } from '../../../primitives/bytes.ts';
import { CodedError, isCoded } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import type { Context } from '../../../sdk/client/context.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { noticeWord } from '../api/notice.ts';
import { dataServersGet } from '../api/routes/data-servers-get.ts';
import { signedStatement, statement } from '../api/statement.ts';
import { vitalsNames } from '../names.ts';

/** A data server that says nothing for so long counts as silent; there is the replica. */
const patienceMs = 10_000;

/** Finds data servers: each as a client of the routes in `api/routes` that are declared for one. */
export interface DataServerLine {
  /** Throws GATEWAY_UNREACHABLE: no hospital that answers knows where it is. */
  client(server: AccountId, signal?: AbortSignal): Promise<GatewayClient>;
}

/**
 * By the notices that hospitals show, each signed by its server's key on the ledger: a hospital can keep an address back, and
 * cannot name another. Source: docs/protocol/vitals-servers.md, rule VS-3.
 */
export function dataServerLine(ctx: Context): DataServerLine {
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
    return new URL(utf8ToText(payload)).href;
  } catch (error) {
    if (isCoded(error, 'INTERRUPTED')) throw error;
    if (isCoded(error) || error instanceof TypeError) return undefined;
    throw error;
  }
}

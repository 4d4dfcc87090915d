import { bytesOfText } from '../../../../api/message-parts.ts';
import { verifyLabelled } from '../../../../crypto/signature.ts';
import { CodedError } from '../../../../primitives/errors.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import { decodeAs } from '../../../../primitives/shape.ts';
import type { Context } from '../../../../sdk/client/context.ts';
import { GatewayClient } from '../../../../sdk/client/gateway-client.ts';
import { Http } from '../../../../sdk/client/http.ts';
import { noticeWord } from '../../api/notice.ts';
import { dataServersGet } from '../../api/routes/data-servers-get.ts';
import { statAskPost } from '../../api/routes/stat-ask-post.ts';
import { statCheckPost } from '../../api/routes/stat-check-post.ts';
import { statQuestionsPost } from '../../api/routes/stat-questions-post.ts';
import { type Statement, signedStatement, statement } from '../../api/statement.ts';
import { vitalsNames } from '../../names.ts';

/** One data server, as a question is put to it. */
export interface ServerLine {
  readonly account: AccountId;
  check(signed: Uint8Array): Promise<{ readonly patients: number; readonly selection: Uint8Array }>;
  ask(signed: Uint8Array): Promise<Uint8Array>;
  questions(signed: Uint8Array): Promise<readonly Uint8Array[]>;
}

/**
 * Where data servers answer, by notices that they signed and their hospitals show. In the order asked for. Throws
 * GATEWAY_UNREACHABLE {server}: nobody shows one. Source: docs/protocol/vitals-servers.md, rule VS-3.
 */
export async function serverLines(
  ctx: Context,
  servers: readonly AccountId[],
  signal?: AbortSignal,
): Promise<readonly ServerLine[]> {
  const newest = new Map<AccountId, Statement>();
  for (const gateway of ctx.gateways()) {
    const shown = await gateway.call(dataServersGet, { signal }).catch(() => ({ servers: [] }));
    for (const { account, notice } of shown.servers) {
      if (!servers.includes(account)) continue;
      const said = await noticeOf(ctx, account, bytesOfText(notice), signal);
      const before = newest.get(account);
      if (said !== undefined && (before === undefined || before.timeMs < said.timeMs))
        newest.set(account, said);
    }
  }
  return servers.map((account) => {
    const said = newest.get(account);
    if (said === undefined) throw new CodedError('GATEWAY_UNREACHABLE', { server: account });
    return lineTo(account, new TextDecoder().decode(said.payload), signal);
  });
}

/** Undefined: it is not this server's. */
async function noticeOf(
  ctx: Context,
  account: AccountId,
  signed: Uint8Array,
  signal?: AbortSignal,
): Promise<Statement | undefined> {
  try {
    const { statement: bytes, signature } = decodeAs(signedStatement, signed);
    const said = decodeAs(statement, bytes);
    const { signKey } = await ctx.ledger.currentAccount(account, signal);
    const { statement: label } = vitalsNames.labels;
    const isHis = said.from === account && said.word === noticeWord;
    return isHis && (await verifyLabelled(signKey, label, bytes, signature)) ? said : undefined;
  } catch {
    return undefined;
  }
}

function lineTo(account: AccountId, url: string, signal?: AbortSignal): ServerLine {
  const client = new GatewayClient(new Http(url));
  return {
    account,
    async check(stream) {
      const { patients, selection } = await client.call(statCheckPost, { stream, signal });
      return { patients, selection: bytesOfText(selection, 32) };
    },
    ask: (stream) => client.call(statAskPost, { stream, signal }),
    async questions(stream) {
      const { questions } = await client.call(statQuestionsPost, { stream, signal });
      return questions.map((it) => bytesOfText(it));
    },
  };
}

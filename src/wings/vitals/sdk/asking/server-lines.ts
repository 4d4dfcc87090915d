import { bytesOfText } from '../../../../api/message-parts.ts';
import type { AccountId } from '../../../../primitives/ids.ts';
import type { Context } from '../../../../sdk/client/context.ts';
import { statAskPost } from '../../api/routes/stat-ask-post.ts';
import { statCheckPost } from '../../api/routes/stat-check-post.ts';
import { statEncryptedPost } from '../../api/routes/stat-encrypted-post.ts';
import { statQuestionsPost } from '../../api/routes/stat-questions-post.ts';
import { type DataServerClient, dataServerLine } from '../data-servers.ts';

/** One data server, as a question is put to it. */
export interface ServerLine {
  readonly account: AccountId;
  readonly client: DataServerClient;
  check(signed: Uint8Array): Promise<{ readonly patients: number; readonly selection: Uint8Array }>;
  ask(signed: Uint8Array): Promise<Uint8Array>;
  /** `signed`: a statement, good for minutes. */
  askEncrypted(signed: Uint8Array): Promise<Uint8Array>;
  questions(signed: Uint8Array): Promise<readonly Uint8Array[]>;
}

/** In the order asked for. Throws GATEWAY_UNREACHABLE {server}: nobody knows where it is. */
export async function serverLines(
  ctx: Context,
  servers: readonly AccountId[],
  signal?: AbortSignal,
): Promise<readonly ServerLine[]> {
  const line = dataServerLine(ctx);
  return Promise.all(
    servers.map(async (account) => lineTo(account, await line.client(account, signal), signal)),
  );
}

function lineTo(account: AccountId, client: DataServerClient, signal?: AbortSignal): ServerLine {
  return {
    ...{ account, client },
    async check(stream) {
      const { patients, selection } = await client.call(statCheckPost, { stream, signal });
      return { patients, selection: bytesOfText(selection, 32) };
    },
    ask: (stream) => client.call(statAskPost, { stream, signal }),
    askEncrypted: (stream) => client.call(statEncryptedPost, { stream, signal }),
    async questions(stream) {
      const { questions } = await client.call(statQuestionsPost, { stream, signal });
      return questions.map((it) => bytesOfText(it));
    },
  };
}

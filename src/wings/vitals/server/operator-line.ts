import { join } from 'node:path';
import { bytesOfText } from '../../../api/message-parts.ts';
import { utf8ToText } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { decodeAs } from '../../../primitives/shape.ts';
import type { Answer } from '../../../sdk/client/call.ts';
import { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import { Http } from '../../../sdk/client/http.ts';
import { accountIdOfKeys } from '../../../sdk/wallet/identity.ts';
import { localHospitals } from '../../../server/desk.ts';
import { serversOf } from '../../../server/process.ts';
import { type OperatorWord, operatorWord } from '../api/operator.ts';
import { dataServersGet } from '../api/routes/data-servers-get.ts';
import { operatorPost } from '../api/routes/operator-post.ts';
import { signedStatement, statement } from '../api/statement.ts';
import { state } from '../node/statements.ts';
import { dataServerKeys, hasDataServer } from './data-server-keys.ts';

export type OperatorAnswer = Answer<typeof operatorPost>;

/** The hospitals of this home that run a data server, those that are named or all. Throws USAGE: there is no such. */
export function hospitalsWithServers(home: string, named: readonly string[]): readonly string[] {
  const here = localHospitals(home)
    .map(({ name }) => name)
    .filter((name) => hasDataServer(join(serversOf(home), name)));
  const unknown = named.find((name) => !here.includes(name));
  if (unknown !== undefined || here.length === 0)
    throw new CodedError('USAGE', { problem: `a data server runs at: ${here.join(', ')}` });
  return named.length === 0 ? here : named;
}

/**
 * Asks the data server of a hospital of this home, by that server's own key. Throws HOME_INVALID, SERVER_UNKNOWN,
 * GATEWAY_UNREACHABLE: it does not run.
 */
export async function askOperator(
  home: string,
  hospital: string,
  word: OperatorWord,
): Promise<OperatorAnswer> {
  const here = localHospitals(home).find(({ name }) => name === hospital);
  if (here === undefined) throw new CodedError('GATEWAY_UNREACHABLE', { hospital });
  const { keys } = await dataServerKeys(join(serversOf(home), hospital), here.account);
  const account = accountIdOfKeys(keys);
  const { servers } = await new GatewayClient(new Http(here.url)).call(dataServersGet, {});
  const shown = servers.find((it) => it.account === account);
  if (shown === undefined) throw new CodedError('SERVER_UNKNOWN', { server: account });
  const said = decodeAs(statement, decodeAs(signedStatement, bytesOfText(shown.notice)).statement);
  const asked = await state(
    { account, sign: keys.sign, now: Date.now },
    { to: account, word: operatorWord(word), payload: new Uint8Array(0) },
  );
  const client = new GatewayClient(new Http(utf8ToText(said.payload), { retryDelaysMs: [] }));
  return client.call(operatorPost, { stream: asked });
}

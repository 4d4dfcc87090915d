import { textOfBytes } from '../../../api/message-parts.ts';
import { enrolPost } from '../../../api/routes/enrol-post.ts';
import { identity as identityShape } from '../../../ledger/identity.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import { encodeAs } from '../../../primitives/shape.ts';
import type { GatewayClient } from '../../../sdk/client/gateway-client.ts';
import type { ProvenLedger } from '../../../sdk/ledger/proven-ledger.ts';
import {
  type AccountKeys,
  accountIdOfKeys,
  enrolmentIdentity,
  noRecovery,
} from '../../../sdk/wallet/identity.ts';
import { localDesk } from '../../../server/registration-desk.ts';

const role = 'data-server';

/**
 * The account of a hospital's data server, which its own hospital enrols where it is not yet. Throws GATEWAY_LIED: it
 * is not what was asked for. Rule VS-1.
 */
export async function enrolDataServer(of: {
  readonly home: string;
  readonly hospital: string;
  readonly organisation: AccountId;
  readonly keys: AccountKeys;
  readonly gateway: GatewayClient;
  readonly ledger: ProvenLedger;
}): Promise<AccountId> {
  const { home, hospital, organisation, keys, gateway, ledger } = of;
  const account = accountIdOfKeys(keys);
  if ((await ledger.account(account)) === undefined) {
    const desk = localDesk(home, hospital);
    const { invitation } = await desk.invite({ role, name: `Data server of ${hospital}` });
    const bound = { chainId: ledger.trustRoot.chain, organisation, role, recovery: noRecovery };
    const identity = await enrolmentIdentity(keys, { ...bound, role });
    await gateway.call(enrolPost, {
      body: { invitation, role, identity: textOfBytes(encodeAs(identityShape, identity)) },
    });
  }
  const row = await ledger.account(account);
  if (row?.role !== role || row.organisation !== organisation)
    throw new CodedError('GATEWAY_LIED', { account });
  return account;
}

import { textOfBytes } from '../../api/message-parts.ts';
import { identitiesGet } from '../../api/routes/identities-get.ts';
import { heldIdentity, keys } from '../../ledger/tables/keys.ts';
import { hexToBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { encodeAs } from '../../primitives/shape.ts';
import { handler } from '../handler.ts';
import { accounts } from '../parts/accounts/accounts.ts';

/** Of those that the row has no room for; what is in the row is NOT_FOUND here. Source: rule H-8. */
export const handleIdentitiesGet = handler(identitiesGet, async ({ gateway, params }) => {
  const { account } = params;
  const count = (await gateway.view.row(keys, account))?.folded.count ?? 0;
  const signKey = hexToBytes(params.key) ?? new Uint8Array(0);
  const found = gateway.parts.get(accounts).folded.find(account, signKey, count);
  if (found === undefined) throw new CodedError('NOT_FOUND');
  const { held, index, path } = found;
  const entry = textOfBytes(encodeAs(heldIdentity, held));
  return { entry, index, count, path: path.map(textOfBytes) };
});

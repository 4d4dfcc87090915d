import { recoveryHash, recoveryOf } from '../../../ledger/recovery.ts';
import type { Role } from '../../../ledger/roles.ts';
import { keys } from '../../../ledger/tables/keys.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { GatewayBase } from '../../base.ts';

/**
 * The account's role, if its recovery as of the newest block binds these keys; also while it is frozen. An account
 * without a printed code, and an organisation, are refused as a wrong key is: no pair of keys hashes to 32 zeros.
 * Throws ACCOUNT_UNKNOWN, KEY_NOT_CURRENT. Source: docs/protocol/http.md, rule H-6.
 */
export async function roleByCode(
  { view, engine }: Pick<GatewayBase, 'view' | 'engine'>,
  account: AccountId,
  code: { readonly publicKey: Uint8Array; readonly codeKemHash: Uint8Array },
): Promise<Role> {
  const row = await view.account(account);
  const directory = await view.row(keys, account);
  if (row === undefined || directory === undefined) {
    throw new CodedError('ACCOUNT_UNKNOWN', { account });
  }
  const bound = recoveryOf(directory, engine.status().timeMs);
  const isTheirs = equalBytes(recoveryHash(code.publicKey, code.codeKemHash), bound);
  if (!isTheirs || row.role === 'organisation') throw new CodedError('KEY_NOT_CURRENT');
  return row.role;
}

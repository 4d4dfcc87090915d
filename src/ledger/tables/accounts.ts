import { accountId, flag, list, type Of, struct, uint } from '../../primitives/shape.ts';
import { nonceWindow } from '../nonce-window.ts';
import { role } from '../roles.ts';
import { signKey } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** Id: the account. What a transaction of it touches: small, so that an act rewrites one short row. */
const account = struct({
  role,
  /** The organisation that enrolled it; an organisation names itself. */
  organisation: accountId,
  frozen: flag,
  enrolledHeight: uint,
  /** The key that signs its transactions now; the whole identity is in `keys`. */
  signKey,
  window: nonceWindow,
  /** The highest epoch ever scheduled; 0: no KeySet yet. */
  highestEpoch: uint,
  /** `after` of the newest KeySet: with the account, the key of its row in `keysets`. */
  newestKeySet: uint,
  /** The running epoch and those that have not begun, by rising number: 17 at most. */
  schedule: list(struct({ epoch: uint, validFromMs: uint, keySet: uint })),
});
export type Account = Of<typeof account>;

export const accounts = stateTable('accounts', account);

import { accountId, flag, list, type Of, struct, tailed, uint } from '../../primitives/shape.ts';
import { nonceWindow } from '../nonce-window.ts';
import { role } from '../roles.ts';
import { signKey } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** So many ranges of ended grants are kept apart (docs/protocol/acts.md, rule A-2). */
export const maxEndedRanges = 16;

/** Heights, both inclusive: what the account granted at one of them counts as revoked at `until`. */
const endedRange = struct({ from: uint, until: uint });
export type EndedRange = Of<typeof endedRange>;

/** What an account says of its keys that has never changed them. */
export const neverRotated = {
  keyGeneration: 0,
  keySinceMs: 0,
  recoveryCounter: 0,
  rotations: 0,
  endedGrants: [] as readonly EndedRange[],
} as const;

/** Id: the account. What a transaction of it touches: small, so that an act rewrites one short row. */
const account = tailed(
  {
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
    /** The running epoch and those that have not begun, by rising number: 17 at most. A rotation ends them all. */
    schedule: list(struct({ epoch: uint, validFromMs: uint, keySet: uint })),
  },
  {
    /** How often the keys were changed; a write key of an earlier generation writes no more. */
    keyGeneration: uint,
    /** Block time at which the key in use came; 0: at enrolment. */
    keySinceMs: uint,
    /** The number of the last rotation by the recovery key. */
    recoveryCounter: uint,
    /** Rotations by the key in use since then. */
    rotations: uint,
    endedGrants: list(endedRange, { most: maxEndedRanges }),
  },
  neverRotated,
);
export type Account = Of<typeof account>;

export const accounts = stateTable('accounts', account);

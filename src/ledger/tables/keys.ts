import { list, type Of, optionalBytes, struct, tailed, uint } from '../../primitives/shape.ts';
import { identity } from '../identity.ts';
import { hash, signKey } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** So many identities stand in the row itself, the newest; older ones are folded into a tree. */
export const maxIdentities = 16;
/**
 * So many former signing keys are kept with the time at which each ended. A key that was in use in the 30 days
 * before a RecoveryChange may stop it for seven days, and one a day is the most by the key in use: 37.
 */
export const maxFormers = 40;

/** `untilHeight` 0: in use. A key counts from the transactions of `fromHeight` on. */
export const heldIdentity = struct({ identity, fromHeight: uint, untilHeight: uint });
export type HeldIdentity = Of<typeof heldIdentity>;

/** A printed code to come: it counts seven days of block time after `beganMs`, unless it is stopped. */
const pending = struct({ recovery: hash, beganMs: uint, beganHeight: uint });

const former = struct({ signKey, untilMs: uint });

/** What a directory says of former keys whose account has never changed any. */
export const neverChanged = {
  folded: { count: 0, peaks: [] as readonly Uint8Array[] },
  recovery: new Uint8Array(0),
  pendingRecovery: [] as readonly Of<typeof pending>[],
  formers: [] as readonly Of<typeof former>[],
} as const;

/** Id: the account. The directory: its identities, oldest first. */
const directory = tailed(
  { credentialHash: hash, identities: list(heldIdentity, { most: maxIdentities }) },
  {
    /** RFC 9162 tree over the identities that stand here no more: its complete subtrees, the largest first. */
    folded: struct({ count: uint, peaks: list(hash, { most: 53 }) }),
    /** The recovery in use where it is not the one of the identity in use; empty: it is. */
    recovery: optionalBytes(32),
    /** None or one. */
    pendingRecovery: list(pending, { most: 1 }),
    /** Signing keys that were in use, the newest 40, oldest first. */
    formers: list(former, { most: maxFormers }),
  },
  neverChanged,
);
export type Keys = Of<typeof directory>;

export const keys = stateTable('keys', directory);

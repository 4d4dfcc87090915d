import { list, type Of, struct, uint } from '../../primitives/shape.ts';
import { identity } from '../identity.ts';
import { hash } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** Id: the account. The directory: every identity the account ever had, oldest first. */
const directory = struct({
  credentialHash: hash,
  /** `untilHeight` 0: in use. A key counts from the transactions of `fromHeight` on. */
  identities: list(struct({ identity, fromHeight: uint, untilHeight: uint })),
});
export type Keys = Of<typeof directory>;

export const keys = stateTable('keys', directory);

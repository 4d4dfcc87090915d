import { flag, list, type Of, struct, uint } from '../../primitives/shape.ts';
import { optionalAccount, signKey } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** So many cases stand in the row, the newest; older ones are found in the blocks of their heights. */
export const maxCases = 64;

/** Something that the members must look into: a validator signed two blocks of one height. */
const validatorCase = struct({
  publicKey: signKey,
  /** Whose it was; '': the genesis does not say. */
  organisation: optionalAccount,
  /** Where it signed twice. */
  height: uint,
  /** The block that carried the evidence. */
  openedHeight: uint,
  openedMs: uint,
  /** Its power was taken; not where too few validators would be left. */
  removed: flag,
});
export type ValidatorCase = Of<typeof validatorCase>;

/** Id: `onlyRow`. Oldest first; no row: nothing was ever seen. */
export const validatorsCases = stateTable(
  'validators-cases',
  list(validatorCase, { most: maxCases }),
);

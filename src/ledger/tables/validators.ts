import { list, type Of, struct, uint } from '../../primitives/shape.ts';
import { optionalAccount, signKey } from '../shapes.ts';
import { stateTable } from '../table.ts';

/** As many as a genesis may list. */
export const maxValidators = 100;

const validator = struct({
  publicKey: signKey,
  power: uint,
  /** Whose machine it is; '': the genesis does not say (state.md, ST-12). */
  organisation: optionalAccount,
});
export type LedgerValidator = Of<typeof validator>;

/**
 * Id: `onlyRow`. Who orders blocks from two heights after the block that wrote it; no row: those of the genesis.
 * A ledger whose validators never changed has no such row, so its state is what it was before there was a table.
 */
export const validators = stateTable('validators', list(validator, { most: maxValidators }));

import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { signKey } from '../../../../ledger/shapes.ts';
import { type LedgerView, onlyRow, put } from '../../../../ledger/table.ts';
import { validators } from '../../../../ledger/tables/validators.ts';
import { leastValidators, validatorsOf } from '../../../../ledger/validator-set.ts';
import { bytesToHex, equalBytes } from '../../../../primitives/bytes.ts';
import type { StructOf } from '../../../../primitives/shape.ts';
import { defineChange } from './kind.ts';

const fields = { publicKey: signKey };

/**
 * A machine orders no blocks any more.
 *
 * Refuses: VALIDATORS_ALONE, VALIDATOR_UNKNOWN, VALIDATORS_FEW. Writes: `validators`.
 */
export const validatorOut = defineChange({
  kind: 'validator-out',
  number: 2,
  fields,
  decide,
  facts: ({ publicKey }) => ({ validator: bytesToHex(publicKey) }),
});

function decide(
  view: LedgerView,
  { publicKey }: StructOf<typeof fields>,
  { charter }: ActContext,
): Outcome {
  if (charter.genesisValidators().length === 1) return refuse('VALIDATORS_ALONE');
  const set = validatorsOf(view, charter);
  const left = set.filter((it) => !equalBytes(it.publicKey, publicKey));
  if (left.length === set.length) return refuse('VALIDATOR_UNKNOWN');
  if (left.length < leastValidators) return refuse('VALIDATORS_FEW');
  return accept([put(validators, onlyRow, left)]);
}

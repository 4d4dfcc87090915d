import { isStrictKey } from '../../../../crypto/ed25519-strict.ts';
import { isMember } from '../../../../ledger/members.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { signKey } from '../../../../ledger/shapes.ts';
import { type LedgerView, onlyRow, put } from '../../../../ledger/table.ts';
import { maxValidators, validators } from '../../../../ledger/tables/validators.ts';
import { validatorsCases } from '../../../../ledger/tables/validators-cases.ts';
import { validatorsOf } from '../../../../ledger/validator-set.ts';
import { bytesToHex, equalBytes } from '../../../../primitives/bytes.ts';
import { accountId, type StructOf } from '../../../../primitives/shape.ts';
import { defineChange } from './kind.ts';

const fields = { organisation: accountId, publicKey: signKey };

/**
 * A member's machine orders blocks; the one it had before goes out in the same block.
 *
 * Refuses: VALIDATORS_ALONE, MEMBER_UNKNOWN, KEY_WEAK, VALIDATOR_EXISTS, VALIDATOR_PUNISHED, VALIDATORS_FULL.
 * Writes: `validators`.
 */
export const validatorIn = defineChange({
  kind: 'validator-in',
  number: 1,
  fields,
  decide,
  facts: ({ organisation, publicKey }) => ({ organisation, validator: bytesToHex(publicKey) }),
});

function decide(view: LedgerView, change: StructOf<typeof fields>, context: ActContext): Outcome {
  const { charter, block } = context;
  const { organisation, publicKey } = change;
  const [first, second] = charter.genesisValidators();
  // GV-8: one machine's word is not turned into a consortium's by a vote.
  if (first === undefined || second === undefined) return refuse('VALIDATORS_ALONE');
  if (!isMember(view, charter, organisation, block.height)) return refuse('MEMBER_UNKNOWN');
  // ID-4: also a vote's key; engines would judge differently.
  if (!isStrictKey(publicKey)) return refuse('KEY_WEAK');
  const set = validatorsOf(view, charter);
  if (set.some((it) => equalBytes(it.publicKey, publicKey))) return refuse('VALIDATOR_EXISTS');
  const cases = view.get(validatorsCases, onlyRow) ?? [];
  const isPunished = cases.some((it) => it.removed && equalBytes(it.publicKey, publicKey));
  if (isPunished) return refuse('VALIDATOR_PUNISHED');
  const others = set.filter((it) => it.organisation !== organisation);
  if (others.length >= maxValidators) return refuse('VALIDATORS_FULL');
  // GV-8: all are equal.
  const seated = { publicKey, power: first.power, organisation };
  return accept([put(validators, onlyRow, [...others, seated])]);
}

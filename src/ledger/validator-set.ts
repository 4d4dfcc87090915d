import { equalBytes } from '../primitives/bytes.ts';
import { type Validator, validatorAddress } from './chain/validators.ts';
import type { Charter } from './charter.ts';
import type { Block } from './outcome.ts';
import { type LedgerView, onlyRow, put, type Write } from './table.ts';
import { type LedgerValidator, validators } from './tables/validators.ts';
import { maxCases, type ValidatorCase, validatorsCases } from './tables/validators-cases.ts';

/** Fewer tolerate nothing, and two restored backups would halt the ledger. */
export const leastValidators = 3;

/** What an engine reports of a validator: it signed two blocks of one height. */
export interface Misbehaviour {
  /** First 20 bytes of SHA-256 over its key. */
  readonly validatorAddress: Uint8Array;
  /** Where it signed twice. */
  readonly height: number;
}

/** Who orders blocks from two heights after this state on. Source: docs/protocol/state.md, rule ST-12. */
export function validatorsOf(view: LedgerView, charter: Charter): readonly LedgerValidator[] {
  return view.get(validators, onlyRow) ?? charter.genesisValidators();
}

/**
 * What a block changed of the set, as an engine takes it: keys that came or have another power, and with power 0
 * those that left. In the order of the set after it, then of that before.
 */
export function validatorChanges(
  before: readonly LedgerValidator[],
  after: readonly LedgerValidator[],
): readonly Validator[] {
  if (before === after) return [];
  const held = ({ publicKey }: LedgerValidator, set: readonly LedgerValidator[]) =>
    set.find((it) => equalBytes(it.publicKey, publicKey));
  const came = after.filter((it) => held(it, before)?.power !== it.power);
  const left = before.filter((it) => held(it, after) === undefined);
  return [
    ...came.map(({ publicKey, power }) => ({ publicKey, power })),
    ...left.map(({ publicKey }) => ({ publicKey, power: 0 })),
  ];
}

/**
 * Double signing: the validator's power is taken, one in a block and never below `leastValidators`, and a case is
 * opened, whether it was taken or not. Evidence of who is no validator any more, or that a case tells of, says
 * nothing new. Judged before the block's transactions.
 *
 * Writes: `validators`, `validators-cases`. Source: docs/protocol/governance.md, rule GV-10.
 */
export function punish(
  view: LedgerView,
  charter: Charter,
  misbehaviour: readonly Misbehaviour[],
  block: Block,
): readonly Write[] {
  if (misbehaviour.length === 0) return [];
  let set = validatorsOf(view, charter);
  let cases = view.get(validatorsCases, onlyRow) ?? [];
  let removedOne = false;
  for (const { validatorAddress: address, height } of misbehaviour) {
    const found = set.find((it) => equalBytes(validatorAddress(it.publicKey), address));
    if (found === undefined) continue;
    const removed: boolean = !removedOne && set.length > leastValidators;
    if (isKnown(cases, found, { height, removed })) continue;
    if (removed) set = set.filter((it) => it !== found);
    removedOne ||= removed;
    const { publicKey, organisation } = found;
    const opened = { openedHeight: block.height, openedMs: block.timeMs };
    cases = [...cases, { publicKey, organisation, height, ...opened, removed }].slice(-maxCases);
  }
  const caseWrites = cases.length === 0 ? [] : [put(validatorsCases, onlyRow, cases)];
  return removedOne ? [put(validators, onlyRow, set), ...caseWrites] : caseWrites;
}

/** One that stays fills no row with itself: a second case of it is opened when its power is taken. */
function isKnown(
  cases: readonly ValidatorCase[],
  { publicKey }: LedgerValidator,
  now: Pick<ValidatorCase, 'height' | 'removed'>,
): boolean {
  return cases
    .filter((it) => equalBytes(it.publicKey, publicKey))
    .some((it) => it.height === now.height || !(it.removed || now.removed));
}

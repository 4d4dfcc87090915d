import { growsFrom } from '../../../../ledger/acts/log-profile.ts';
import { type ActContext, accept, type Outcome, refuse } from '../../../../ledger/outcome.ts';
import { logName } from '../../../../ledger/shapes.ts';
import { type LedgerView, put } from '../../../../ledger/table.ts';
import { profileRowId, profiles } from '../../../../ledger/tables/profiles.ts';
import { list, type StructOf, uint, uintTo } from '../../../../primitives/shape.ts';
import { defineChange, effectAfter } from './kind.ts';

const fields = { log: logName, acts: list(uintTo(255), { least: 1, most: 255 }), version: uint };

/**
 * What a log takes, and by which version of the rules: as LogProfile, by the quorum instead of all.
 *
 * Refuses: LOG_WRONG, PROFILE_PENDING, PROFILE_SHRINKS. Writes: `profiles[log]`.
 */
export const profile = defineChange({
  kind: 'profile',
  number: 6,
  fields,
  decide,
  facts: ({ log, acts, version }) => ({ log, acts: acts.map(String), version }),
});

function decide(
  view: LedgerView,
  { log, acts, version }: StructOf<typeof fields>,
  { charter, block: { height } }: ActContext,
): Outcome {
  const inForce = charter.logs[log];
  if (inForce === undefined) return refuse('LOG_WRONG');
  const rowId = profileRowId(log);
  const newest = view.get(profiles, rowId)?.at(-1);
  if (newest !== undefined && newest.fromHeight > height) return refuse('PROFILE_PENDING');
  if (!growsFrom(inForce, { acts, version }, log)) return refuse('PROFILE_SHRINKS');
  const next = { acts, version, fromHeight: height + effectAfter };
  return accept([put(profiles, rowId, [inForce, next])]);
}

import type { AccountId } from '../primitives/ids.ts';
import type { Genesis } from './genesis.ts';
import { accountIdOfKey } from './identity.ts';
import type { LogName } from './shapes.ts';
import type { LedgerView } from './table.ts';
import { type ProfileEntry, profileRowId, profiles } from './tables/profiles.ts';
import type { LedgerValidator } from './tables/validators.ts';

/** What genesis lays down, and what LogProfile acts have changed of it, as it holds at one height. */
export interface Charter {
  readonly chainId: string;
  /** Who founded it, worked out when somebody asks; `membersAt` says who is a member now. */
  genesisOrganisations(): readonly AccountId[];
  /** Who orders blocks at first; `validatorsOf` says who does now. */
  genesisValidators(): readonly LedgerValidator[];
  /** Missing: this ledger has no such log. */
  readonly logs: Readonly<Partial<Record<LogName, ProfileEntry>>>;
}

/** To whom the one operator of a genesis handed the ledger over, and after which block (docs/protocol/cometbft.md, CB-20). */
export interface HandedTo {
  readonly afterHeight: number;
  readonly validators: readonly LedgerValidator[];
}

/** A genesis, and what became of it where it was handed over. */
export type Beginning = Genesis & { readonly handedTo?: HandedTo | undefined };

/** By what version of the rules a ledger is judged that no profile has said another of. */
export const firstVersion = 1;

/**
 * A profile holds from a later height than the one that brought it, so the charter of a block is known
 * before its first transaction. Source: docs/protocol/state.md, rule ST-9.
 */
export function charterAt(view: LedgerView, genesis: Beginning, height: number): Charter {
  const logs: Partial<Record<LogName, ProfileEntry>> = {};
  for (const { name, acts } of genesis.logs) {
    logs[name] = profileAt(acts, view.get(profiles, profileRowId(name)), height);
  }
  return {
    chainId: genesis.chainId,
    genesisOrganisations: () => organisationsOf(genesis),
    genesisValidators: () => beginningValidators(genesis, height),
    logs,
  };
}

const organisationsOf = ({ organisations }: Genesis): readonly AccountId[] =>
  organisations.map(({ identity }) => accountIdOfKey(identity.suite, identity.signKey));

function beginningValidators(genesis: Beginning, height: number): readonly LedgerValidator[] {
  const { handedTo } = genesis;
  if (handedTo !== undefined && height > handedTo.afterHeight) return handedTo.validators;
  return genesisValidators(genesis);
}

/** A genesis that lists as many validators as organisations lists each one's in its place (state.md, ST-12). */
function genesisValidators(genesis: Genesis): readonly LedgerValidator[] {
  const owners = organisationsOf(genesis);
  const inPlace = owners.length === genesis.validators.length;
  return genesis.validators.map((validator, index) => ({
    ...validator,
    organisation: (inPlace ? owners[index] : undefined) ?? '',
  }));
}

/** What a log takes at a height: the last entry of its row that has begun, else what its genesis lists. */
export function profileAt(
  genesisActs: readonly number[],
  row: readonly ProfileEntry[] | undefined,
  height: number,
): ProfileEntry {
  const begun = row?.findLast(({ fromHeight }) => fromHeight <= height);
  return begun ?? { acts: genesisActs, version: firstVersion, fromHeight: 1 };
}

/** The user log takes this act on every ledger without listing it: else none could ever take a new one. */
export const unlisted = { log: 'user', act: 72 } as const;

/** Whether a log takes an act of this number now (T-9); a ledger without the log takes none. */
export function logTakes({ logs }: Charter, log: LogName, act: number): boolean {
  const profile = logs[log];
  if (profile === undefined) return false;
  return profile.acts.includes(act) || (log === unlisted.log && act === unlisted.act);
}

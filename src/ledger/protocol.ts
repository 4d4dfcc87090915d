import { CodedError } from '../primitives/errors.ts';
import { ledgerWings } from '../wings/ledger.ts';
import type { ActModule, ActOf } from './act.ts';
import { accessLog } from './acts/access-log.ts';
import { batchAnchor } from './acts/batch-anchor.ts';
import { consentGrant } from './acts/consent-grant.ts';
import { consentRevoke } from './acts/consent-revoke.ts';
import { dataAnchor } from './acts/data-anchor.ts';
import { diagnosisAnchor } from './acts/diagnosis-anchor.ts';
import { enrol } from './acts/enrol.ts';
import { keySet } from './acts/key-set.ts';
import { logProfile } from './acts/log-profile.ts';
import { recoveryChange } from './acts/recovery-change.ts';
import { recoveryStop } from './acts/recovery-stop.ts';
import { revokeKey } from './acts/revoke-key.ts';
import { rotateKey } from './acts/rotate-key.ts';
import { writeKey } from './acts/write-key.ts';
import { type Charter, unlisted } from './charter.ts';
import { type GenesisLog, spineLogs } from './genesis.ts';
import type { StateTable } from './table.ts';
import { accounts } from './tables/accounts.ts';
import { anchors } from './tables/anchors.ts';
import { batches } from './tables/batches.ts';
import { consents } from './tables/consents.ts';
import { keys } from './tables/keys.ts';
import { keysets } from './tables/keysets.ts';
import { members } from './tables/members.ts';
import { organisations } from './tables/organisations.ts';
import { profiles } from './tables/profiles.ts';
import { recoveries } from './tables/recoveries.ts';
import { validators } from './tables/validators.ts';
import { validatorsCases } from './tables/validators-cases.ts';
import type { LedgerWing } from './wing.ts';

/** The one list of what a transaction may say: the spine's acts, and those of the wings. */
const spineActs = [
  enrol,
  rotateKey,
  revokeKey,
  keySet,
  recoveryChange,
  recoveryStop,
  consentGrant,
  consentRevoke,
  writeKey,
  dataAnchor,
  diagnosisAnchor,
  accessLog,
  batchAnchor,
  logProfile,
] as const;

const spineTables = [
  accounts,
  organisations,
  keys,
  keysets,
  consents,
  anchors,
  batches,
  profiles,
  recoveries,
  members,
  validators,
  validatorsCases,
] as const;

type WingActs = (typeof ledgerWings)[number] extends infer Wing
  ? Wing extends LedgerWing
    ? Wing['acts'][number]
    : never
  : never;

export type Act = ActOf<(typeof spineActs)[number] | WingActs>;

const wings: readonly LedgerWing[] = ledgerWings;

/** Every act, by rising number. */
export const acts: readonly ActModule[] = [
  ...spineActs,
  ...wings.flatMap((wing) => wing.acts),
].sort((a, b) => a.number - b.number);

/** Every table of the state. */
export const tables: readonly StateTable<unknown>[] = [
  ...spineTables,
  ...wings.flatMap((wing) => wing.tables),
];

const byKind = new Map(acts.map((act) => [act.kind, act]));
const byNumber = new Map(acts.map((act) => [act.number, act]));

/** What is declared about an act. */
export function moduleOf({ kind }: Pick<Act, 'kind'>): ActModule {
  const module = byKind.get(kind);
  if (module === undefined) throw new CodedError('INTERNAL', { kind });
  return module;
}

/** Undefined: no act of this build. */
export function moduleOfNumber(number: number): ActModule | undefined {
  return byNumber.get(number);
}

/** The number by which an act travels. */
export function actNumber(kind: Act['kind']): number {
  return moduleOf({ kind }).number;
}

/** The newest version of the rules that this build knows. */
const newestVersion = acts
  .flatMap(({ rules }) => rules.map(({ fromVersion }) => fromVersion))
  .sort((a, b) => b - a)[0];

/**
 * A node that does not know what its ledger takes would judge otherwise than the others; it stops instead.
 * Throws LEDGER_NEWER.
 */
export function requireKnown({ logs }: Charter): void {
  for (const profile of [logs.user, logs.doc]) {
    if (profile === undefined) continue;
    const { acts, version } = profile;
    const act = acts.find((number) => !byNumber.has(number));
    if (act !== undefined) throw new CodedError('LEDGER_NEWER', { act });
    if (newestVersion === undefined || version > newestVersion)
      throw new CodedError('LEDGER_NEWER', { version });
  }
}

/** The logs of a ledger that is founded now: all that this build knows, each act in the log that it names. */
export const foundingLogs: readonly GenesisLog[] = spineLogs.map((log) => ({
  ...log,
  acts: acts
    .filter((act) => act.log === log.name && act.number !== unlisted.act)
    .map(({ number }) => number),
}));

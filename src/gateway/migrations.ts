import type { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../primitives/errors.ts';

/**
 * The tables of one part in the gateway's file. Ids are lower-case hex text, everything else that is bytes is a
 * blob. Names of tables are the file's, not the part's: a wing begins its own with its name.
 */
export interface StoreOwner {
  /** What the file calls them; never changed once a home has it. */
  readonly owner: string;
  /**
   * SQL that brings the tables one version on, from nothing. The version is the count of what was applied, so
   * the list is only ever added to: a line that a home may have run is not edited.
   */
  readonly migrations: readonly string[];
  /** Names of the transactions that write here: crash tests stop the process at each of their steps. */
  readonly writes?: readonly string[];
  /**
   * Of tables that something else binds than the MACs of this file: SQL for the rows that have one all the same.
   * Every other row has one. Source: docs/protocol/stores.md, rule SR-3.
   */
  readonly boundElsewhere?: Readonly<Record<string, string>>;
}

/** What was done to a file that was there before. */
export interface Migration {
  /** The layout of the whole file as it was met. */
  readonly layout: number;
  /** How many migrations ran now. */
  readonly steps: number;
}

/** Layout of the whole file (`user_version`): from 4 on, `owners` says how far each part's tables are. */
const layout = 4;
/** The last layout that had one version for all tables: what these owners had made by then is their version 1. */
const earlier = {
  layout: 3,
  owners: [
    ...['index', 'accounts', 'sets', 'custody', 'inbox'],
    ...['reading', 'batches', 'wallets', 'enrolment'],
  ],
} as const;

/**
 * Brings the tables of all owners to what this build knows; undefined when the file is new or nothing was to do.
 * Each migration and its version are one transaction, in which it is asked again whether it is due: so one that was
 * interrupted goes on where it was, and two processes do nothing twice. A new file is made whole or not at all.
 * Tables of an owner that this build does not know are left alone.
 * Throws HOME_NEWER (a later build wrote it) before anything is changed, HOME_INVALID (layout 1 or 2).
 */
export function migrate(
  file: {
    readonly sqlite: DatabaseSync;
    /** All or nothing; inside another it is a part of that one. */
    readonly transaction: <Result>(work: () => Result) => Result;
  },
  owners: readonly StoreOwner[],
): Migration | undefined {
  const { sqlite, transaction } = file;
  const met = layoutOf(sqlite);
  refuseOther(met);
  if (met === layout) refuseNewer(sqlite, owners);
  if (met === 0) {
    transaction(() => {
      beginOwners(sqlite, met, []);
      for (const owner of owners) bringOn(file, owner);
    });
    return undefined;
  }
  if (met === earlier.layout) transaction(() => beginOwners(sqlite, met, earlier.owners));
  let steps = 0;
  for (const owner of owners) steps += bringOn(file, owner);
  return steps === 0 && met === layout ? undefined : { layout: met, steps };
}

/** Whether `migrate` would change a file of this layout. */
export function isMigrationDue(sqlite: DatabaseSync, owners: readonly StoreOwner[]): boolean {
  if (layoutOf(sqlite) !== layout) return false;
  return owners.some((it) => versionOf(sqlite, it.owner) < it.migrations.length);
}

/** Whether this owner has tables in the file as it lies there. */
export function hasTables(sqlite: DatabaseSync, { owner }: StoreOwner): boolean {
  return layoutOf(sqlite) === layout && versionOf(sqlite, owner) > 0;
}

function refuseOther(met: number): void {
  if (met > layout)
    throw new CodedError('HOME_NEWER', { file: 'gateway.db', version: met, layout });
  if (met > 0 && met < earlier.layout) {
    const wayOn = 'start it once with the build of layout 3, or restore a backup made by it';
    throw new CodedError('HOME_INVALID', {
      ...{ file: 'gateway.db', version: met, expected: layout, wayOn },
    });
  }
}

function refuseNewer(sqlite: DatabaseSync, owners: readonly StoreOwner[]): void {
  for (const { owner, migrations } of owners) {
    const version = versionOf(sqlite, owner);
    if (version > migrations.length) {
      const known = migrations.length;
      throw new CodedError('HOME_NEWER', { file: 'gateway.db', owner, version, known });
    }
  }
}

function layoutOf(sqlite: DatabaseSync): number {
  return Number(sqlite.prepare('PRAGMA user_version').get()?.user_version);
}

function beginOwners(sqlite: DatabaseSync, met: number, atVersion1: readonly string[]): void {
  if (layoutOf(sqlite) !== met) return;
  sqlite.exec(
    `CREATE TABLE owners (owner TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
     PRAGMA user_version = ${layout}`,
  );
  const add = sqlite.prepare('INSERT INTO owners VALUES (?, 1)');
  for (const owner of atVersion1) add.run(owner);
}

/** How many migrations were applied. */
function bringOn(
  { sqlite, transaction }: Parameters<typeof migrate>[0],
  { owner, migrations }: StoreOwner,
): number {
  const from = versionOf(sqlite, owner);
  for (const [at, sql] of migrations.entries()) {
    if (at < from) continue;
    transaction(() => {
      if (versionOf(sqlite, owner) !== at) return;
      sqlite.exec(sql);
      sqlite.prepare('INSERT OR REPLACE INTO owners VALUES (?, ?)').run(owner, at + 1);
    });
  }
  return migrations.length - from;
}

function versionOf(sqlite: DatabaseSync, owner: string): number {
  const row = sqlite.prepare('SELECT version FROM owners WHERE owner = ?').get(owner);
  return Number(row?.version ?? 0);
}

import { accounts } from '../../../../ledger/tables/accounts.ts';
import { bytesToHex } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { type IncidentReport, mostPlaces, type WriteAttempt } from '../../api/incident-report.ts';
import { statTrios } from '../../ledger/tables/stat-trios.ts';
import type { DataServerBase } from '../data-server-base.ts';
import { ownerIn } from '../reading/half-names.ts';
import { rowMacsOf } from '../stores/row-macs.ts';
import { triosOf } from '../trio.ts';
import type { RoundStep } from './scrubbing.ts';

/** What a scrub found, with its store. */
export type Bad = RoundStep['bad'][number];
export type FoundBy = IncidentReport['foundBy'];
/** Numbers of batches, both included. */
export interface BatchRange {
  readonly first: number;
  readonly last: number;
}

/** A place as a report names it; of two that are called the same, one is reported. */
export const placeNameOf = ({ store, table, row, column }: Bad): string =>
  `${tableNameOf(store, table)} ${rowNameOf(row)} ${column}`;
const tableNameOf = (store: string, table: string): string => `${store}.${table}`.slice(0, 64);
const rowNameOf = (row: string): string => row.slice(0, 128);

/**
 * What was found, as a report may name it: of rows whose key is a patient's pseudonym or account, 8 bytes of a MAC of that key,
 * unless the store names them by a number. Rule VT-2.
 */
export function namedAlike<Found extends Pick<Bad, 'table' | 'row'>>(
  { rootSecret }: Pick<DataServerBase, 'rootSecret'>,
  bad: readonly Found[],
): readonly Found[] {
  const macs = rowMacsOf(rootSecret);
  return bad.map((it) => {
    const isNumber = it.row === '' || /^place [0-9]+$/.test(it.row);
    if (!ofPeople.has(it.table) || isNumber) return it;
    return { ...it, row: bytesToHex(macs.mac('place', [it.table, it.row]).subarray(0, 8)) };
  });
}
const ofPeople: ReadonlySet<string> = new Set(['patients', 'kept']);

/** Of each trio what is concerned. A row of no trio concerns all of them, and no batch. Rule VT-10. */
export async function rangesOf(
  base: DataServerBase,
  bad: readonly Bad[],
): Promise<ReadonlyMap<string, BatchRange>> {
  // Of the ledger: what this server says of its own trios and batches may be what was changed.
  const newestOf = new Map<string, number>();
  for (const trio of await triosOf(base)) {
    const row = await base.ledger.row(statTrios, trio);
    if (row !== undefined) newestOf.set(trio, row.newestBatch);
  }
  const trios = [...newestOf.keys()];
  const ranges = new Map<string, BatchRange>();
  for (const { trio, batch } of bad) {
    for (const of of trio !== undefined && newestOf.has(trio) ? [trio] : trios) {
      const newest = newestOf.get(of) ?? 0;
      const at = trio === of && batch !== undefined && batch <= newest ? batch : 0;
      const before = ranges.get(of);
      ranges.set(of, {
        first: Math.min(at, before?.first ?? at),
        last: Math.max(at, before?.last ?? at),
      });
    }
  }
  return ranges;
}

/** Accounts with a page in what is concerned, or whose own row or share of a key it is; by rising account. Rule VT-12. */
export async function peopleIn(
  { store, ledger }: DataServerBase,
  bad: readonly Bad[],
  ranges: ReadonlyMap<string, BatchRange>,
): Promise<readonly string[]> {
  const pseudonyms = new Map<string, Uint8Array>();
  for (const { pseudonym } of bad) if (pseudonym) pseudonyms.set(pseudonym.join(), pseudonym);
  for (const [trio, { first, last }] of ranges)
    for (const it of (await store.upkeep?.people(trio, { first, last })) ?? [])
      pseudonyms.set(it.join(), it);
  const people = new Set<string>();
  for (const pseudonym of pseudonyms.values()) {
    const registered = await store.registration(pseudonym).catch(unlessTampered);
    if (registered !== undefined) people.add(registered.account);
  }
  const owners = bad.map(({ table, row }) => (table === 'kept' ? ownerIn(row) : undefined));
  for (const owner of new Set(owners)) {
    // A name that somebody wrote there may be nobody's.
    const row = owner && (await ledger.row(accounts, owner));
    if (owner !== undefined && row?.role === 'patient') people.add(owner);
  }
  return [...people].sort();
}

/** Of attempts that a report holds. */
const mostAttempts = 64;

/** What a server says of what it found at itself. Rule VT-2. */
export async function reportOf(
  base: DataServerBase,
  of: {
    readonly bad: readonly Bad[];
    readonly foundBy: FoundBy;
    readonly ranges: ReadonlyMap<string, BatchRange>;
    readonly people: number;
    /** Who wrote, as the stores themselves tell. */
    readonly told: readonly WriteAttempt[];
  },
): Promise<IncidentReport> {
  const { account, ledger, now, incidents, witnesses } = base;
  const { wholeMs } = await incidents.round();
  const batches = [...of.ranges].map(([trio, { first, last }]) => ({
    ...{ trio, firstBatch: first, lastBatch: last },
  }));
  const hours = await hoursOf(base, of.ranges);
  return {
    ...{ chainId: ledger.chainId, by: account, store: 'data-server' },
    kind: of.bad.length > 0 && of.bad.every(isBehind) ? 'set-back' : 'tampering',
    ...{ foundBy: of.foundBy, foundMs: now(), wholeMs },
    places: of.bad.slice(0, mostPlaces).map(({ store, table, row, column, bound }) => ({
      ...{ table: tableNameOf(store, table), row: rowNameOf(row), column, bound },
    })),
    more: Math.max(0, of.bad.length - mostPlaces),
    ...{ batches: batches.slice(0, 64), ...hours, people: of.people },
    attempts: [...of.told, ...(witnesses?.() ?? [])].slice(0, mostAttempts),
    untold: [
      'who wrote to the file or the database, unless an attempt is named above',
      'when, but between wholeMs and foundMs',
    ],
    done: [{ what: 'quarantined', atMs: now() }],
    follows: new Uint8Array(0),
  };
}

/** A batch that the ledger has and this server signed, and nothing else: an older store, or none. */
const isBehind = ({ store, bound }: Bad): boolean => store === 'ledger' && bound === 'row gone';

async function hoursOf(
  { store }: DataServerBase,
  ranges: ReadonlyMap<string, BatchRange>,
): Promise<Pick<IncidentReport, 'firstHour' | 'lastHour'>> {
  let [firstHour, lastHour] = [Number.MAX_SAFE_INTEGER, 0];
  for (const [trio, { first, last }] of ranges) {
    for (let number = Math.max(1, first); number <= last; number++) {
      const batch = await store.sealedBatch(trio, number).catch(unlessTampered);
      if (batch === undefined) continue;
      firstHour = Math.min(firstHour, batch.firstHour);
      lastHour = Math.max(lastHour, batch.lastHour);
    }
  }
  return lastHour === 0 ? { firstHour: 0, lastHour: 0 } : { firstHour, lastHour };
}

const unlessTampered = (error: unknown): undefined => {
  if (!isCoded(error, 'ROW_TAMPERED') && !isCoded(error, 'HOME_INVALID')) throw error;
};

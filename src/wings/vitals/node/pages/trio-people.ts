import { setImmediate as nextTurn } from 'node:timers/promises';
import { statDatasets } from '../../ledger/tables/stat-datasets.ts';
import type { DataServerBase } from '../data-server-base.ts';
import type { KeptRegistration, PageStore } from '../stores/page-store.ts';
import { registrationIn } from './registering.ts';

type Base = Pick<DataServerBase, 'ledger' | 'store'>;

/** Some hundred rows: requests come between two. */
const batchesAStep = 4;
/** Anybody with the right `stat` founds trios. */
const mostTrios = 64;

/** Who has a page in the batches of one trio up to this one, by `keyOf` the pseudonym. */
interface SealedPeople {
  readonly upTo: number;
  readonly people: Set<string>;
}

/** A character a byte: half of what hex takes, for each patient of a server. */
const keyOf = (pseudonym: Uint8Array): string => Buffer.from(pseudonym).toString('latin1');

const known = new WeakMap<PageStore, Map<string, Promise<SealedPeople>>>();

/**
 * Whether this server has somebody for this trio: she counts in a dataset of it, or a page of hers stands in a batch of it. Who
 * founds another trio with the same server is told nothing of her. Source: docs/protocol/vitals-tampering.md, rule VT-11.
 */
export async function isOfTrio(
  { ledger, store }: Base,
  trio: string,
  { signed, pseudonym }: Pick<KeptRegistration, 'signed' | 'pseudonym'>,
): Promise<boolean> {
  for (const dataset of registrationIn(signed).datasets)
    if ((await ledger.row(statDatasets, dataset))?.trio === trio) return true;
  return (await sealedPeople(store, trio)).has(keyOf(pseudonym));
}

/** What was put right may be of somebody who was not found before. */
export function forgetSealedPeople(store: PageStore): void {
  known.delete(store);
}

/** Each batch is looked through once: a look for each patient would read all that is kept of her, 64 times a question. */
async function sealedPeople(store: PageStore, trio: string): Promise<ReadonlySet<string>> {
  const trios = known.get(store) ?? new Map<string, Promise<SealedPeople>>();
  known.set(store, trios);
  const before = trios.get(trio) ?? Promise.resolve({ upTo: 0, people: new Set<string>() });
  const now = before.then((it) => upToNewest(store, trio, it));
  trios.delete(trio);
  trios.set(trio, now);
  for (const oldest of trios.keys()) if (trios.size > mostTrios) trios.delete(oldest);
  try {
    return (await now).people;
  } catch (error) {
    trios.delete(trio);
    throw error;
  }
}

async function upToNewest(
  store: PageStore,
  trio: string,
  { upTo, people }: SealedPeople,
): Promise<SealedPeople> {
  const newest = await store.newestBatch(trio);
  for (let first = upTo + 1; first <= newest; first += batchesAStep) {
    const batches = { first, last: Math.min(newest, first + batchesAStep - 1) };
    for (const it of (await store.upkeep?.people(trio, batches)) ?? []) people.add(keyOf(it));
    await nextTurn();
  }
  return { upTo: Math.max(upTo, newest), people };
}

import { equalBytes } from '../../../../primitives/bytes.ts';
import { isCoded } from '../../../../primitives/errors.ts';
import { statDatasets } from '../../ledger/tables/stat-datasets.ts';
import type { DataServerBase } from '../data-server-base.ts';
import type { KeptRegistration } from '../stores/page-store.ts';
import { registrationIn } from './registering.ts';

type Base = Pick<DataServerBase, 'ledger' | 'store'>;

/**
 * Whether this server has somebody for this trio: she counts in a dataset of it, or pages of hers are kept for it. Who founds
 * another trio with the same server is told nothing of her. Source: docs/protocol/vitals-tampering.md, rule VT-11.
 */
export async function isOfTrio(
  base: Base,
  trio: string,
  { signed, pseudonym }: Pick<KeptRegistration, 'signed' | 'pseudonym'>,
): Promise<boolean> {
  for (const dataset of registrationIn(signed).datasets)
    if ((await base.ledger.row(statDatasets, dataset))?.trio === trio) return true;
  try {
    return await base.store.hasPages(pseudonym, trio);
  } catch (error) {
    // Its own pages were changed: what it says is held to its patient's signature anyway.
    if (!isCoded(error, 'ROW_TAMPERED')) throw error;
    return isSealedIn(base, trio, pseudonym);
  }
}

async function isSealedIn({ store }: Base, trio: string, pseudonym: Uint8Array): Promise<boolean> {
  const batches = { first: 1, last: await store.newestBatch(trio) };
  const people = (await store.upkeep?.people(trio, batches)) ?? [];
  return people.some((it) => equalBytes(it, pseudonym));
}

import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { OfThree, ServerNumber } from '../crypto/pages/page-head.ts';
import { statTrios } from '../ledger/tables/stat-trios.ts';
import type { DataServerBase, LedgerRows } from './data-server-base.ts';

/** A trio that this server is in. */
export interface OwnTrio {
  /** Hex. */
  readonly id: string;
  readonly servers: OfThree<AccountId>;
  readonly place: ServerNumber;
  /** The other two, in their order. */
  readonly others: readonly Peer[];
}

export interface Peer {
  readonly account: AccountId;
  readonly place: ServerNumber;
}

/** All that this server knows it is in, rising: by what it keeps, and by what the ledger has where nothing is kept. Rule VT-7. */
export async function triosOf({
  store,
  listedTrios,
}: Pick<DataServerBase, 'store' | 'listedTrios'>): Promise<readonly string[]> {
  return [...new Set([...(await store.trios()), ...(listedTrios?.() ?? [])])].sort();
}

const places: readonly ServerNumber[] = [1, 2, 3];

const servers = new WeakMap<Ledger, Map<string, readonly AccountId[]>>();
type Ledger = Pick<LedgerRows, 'row'>;

/** The three of a trio; asked of the ledger once, for they never change: its id is their hash. Undefined: there is none. */
export async function serversOf(
  ledger: Ledger,
  id: string,
): Promise<readonly AccountId[] | undefined> {
  const known = servers.get(ledger) ?? new Map<string, readonly AccountId[]>();
  servers.set(ledger, known);
  const kept = known.get(id) ?? (await ledger.row(statTrios, id))?.servers;
  if (kept !== undefined) known.set(id, kept);
  return kept;
}

/** Throws TRIO_UNKNOWN: the ledger has no such trio, or this server is not in it. */
export async function ownTrio(base: DataServerBase, id: string): Promise<OwnTrio> {
  const three = (await serversOf(base.ledger, id)) ?? [];
  const [first, second, third] = three;
  const place = places[three.indexOf(base.account)];
  if (first === undefined || second === undefined || third === undefined || place === undefined)
    throw new CodedError('TRIO_UNKNOWN');
  const all: OfThree<AccountId> = [first, second, third];
  const others = places
    .map((it) => ({ place: it, account: all[it - 1] ?? first }))
    .filter((it) => it.place !== place);
  return { id, servers: all, place, others };
}

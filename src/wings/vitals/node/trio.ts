import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId } from '../../../primitives/ids.ts';
import type { OfThree, ServerNumber } from '../crypto/page-head.ts';
import { statTrios } from '../ledger/tables/stat-trios.ts';
import type { DataServerBase } from './data-server-base.ts';

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

const places: readonly ServerNumber[] = [1, 2, 3];

/** Throws TRIO_UNKNOWN: the ledger has no such trio, or this server is not in it. */
export async function ownTrio(base: DataServerBase, id: string): Promise<OwnTrio> {
  const row = await base.ledger.row(statTrios, id);
  const [first, second, third] = row?.servers ?? [];
  const at = row?.servers.indexOf(base.account) ?? -1;
  const place = places[at];
  if (first === undefined || second === undefined || third === undefined || place === undefined)
    throw new CodedError('TRIO_UNKNOWN');
  const servers: OfThree<AccountId> = [first, second, third];
  const others = places
    .map((it) => ({ place: it, account: servers[it - 1] ?? first }))
    .filter((it) => it.place !== place);
  return { id, servers, place, others };
}

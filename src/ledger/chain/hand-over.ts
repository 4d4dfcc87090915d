import { equalBytes } from '../../primitives/bytes.ts';
import { emptyRoot } from './commit.ts';
import type { Header } from './header.ts';

/** The last header of those who ordered the ledger until then: an empty block that names others as the next to sign. */
export function handsOver(last: Header): boolean {
  return (
    !equalBytes(last.validatorsHash, last.nextValidatorsHash) &&
    equalBytes(last.dataHash, emptyRoot)
  );
}

/**
 * Whether a header follows the one before it: it names its hash; or it is the first of those to whom the one before handed the
 * ledger over, which names none, is of the set that was named, and carries the same state.
 * Source: docs/protocol/receipts.md, rule R-15.
 */
export function follows(last: Header, lastHash: Uint8Array, next: Header): boolean {
  const named = next.lastBlockId.hash;
  if (equalBytes(named, lastHash)) return true;
  return (
    named.length === 0 &&
    handsOver(last) &&
    equalBytes(next.validatorsHash, last.nextValidatorsHash) &&
    equalBytes(next.appHash, last.appHash)
  );
}

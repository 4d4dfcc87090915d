import { itemLeafHash } from '../../src/api/item.ts';
import { textOfBytes } from '../../src/api/message-parts.ts';
import { type AnchoredRows, decodeItemsPage, decodeReadAnswer } from '../../src/api/rows.ts';
import { pathIn } from '../../src/ledger/multiproof.ts';

/** Rows as a custodian told them, each for itself and with a path of its own: what tests look at. */
export const toldRows = (anchors: readonly AnchoredRows[]) => anchors.flatMap(toldOf);
export type ToldRow = ReturnType<typeof toldRows>[number];

function toldOf({ rows, siblings, ...anchor }: AnchoredRows) {
  const leaves = rows.map((row) => ({
    index: row.index,
    leaf: row.kind === 'live' ? itemLeafHash(row.salt, row.leafContent) : row.leaf,
  }));
  return rows.map((row) => ({
    ...anchor,
    ...row,
    state: row.kind,
    root: textOfBytes(anchor.root),
    path: pathIn({ leaves, count: anchor.count, siblings }, row.index).map(textOfBytes),
  }));
}

/** The answer to a read. */
export function toldRead(encoded: Uint8Array) {
  const { anchors, txId, height, index, salt, ticket, next, ticketUntilMs } =
    decodeReadAnswer(encoded);
  return {
    rows: toldRows(anchors),
    access: { txId, height, index },
    ...{ salt: textOfBytes(salt), ticket: textOfBytes(ticket), ticketUntilMs },
    ...(next === '' ? {} : { next }),
  };
}

/** The answer to an owner's listing. */
export function toldListing(encoded: Uint8Array) {
  const { anchors, changes, next } = decodeItemsPage(encoded);
  return { changes, rows: toldRows(anchors), ...(next === '' ? {} : { next }) };
}

import { itemLeafHash } from '../../src/api/item.ts';
import {
  type AnchoredRows,
  decodeItemsPage,
  decodeReadAnswer,
  type ItemRow,
  listingPieces,
  readPieces,
} from '../../src/api/rows.ts';
import { multiproof, pathIn } from '../../src/ledger/multiproof.ts';
import { concatBytes } from '../../src/primitives/bytes.ts';
import type { Lie } from './middle.ts';

type Change = (anchors: readonly AnchoredRows[]) => readonly AnchoredRows[];

/** Changes the rows of listings and reads. */
export function changingRows(pattern: RegExp, change: Change): Lie {
  return ({ name }, honest) => {
    if (!pattern.test(name)) return undefined;
    if (name.startsWith('GET')) {
      const page = decodeItemsPage(honest);
      return concatBytes(...listingPieces({ ...page, anchors: change(page.anchors) }));
    }
    const answer = decodeReadAnswer(honest);
    return concatBytes(...readPieces({ ...answer, anchors: change(answer.anchors) }));
  };
}

/** Only these rows, with the true proof of them alone: a custodian has all that it takes. */
export function keeping(isKept: (row: ItemRow, anchor: AnchoredRows) => boolean): Change {
  return (anchors) => anchors.flatMap((anchor) => narrowed(anchor, isKept));
}

function narrowed(
  anchor: AnchoredRows,
  isKept: (row: ItemRow, anchor: AnchoredRows) => boolean,
): AnchoredRows[] {
  const rows = anchor.rows.filter((row) => isKept(row, anchor));
  if (rows.length === 0) return [];
  const { count, siblings } = anchor;
  const leaves = anchor.rows.map((row) => ({
    index: row.index,
    leaf: row.kind === 'live' ? itemLeafHash(row.salt, row.leafContent) : row.leaf,
  }));
  const nodes = new Map<string, Uint8Array>();
  for (const { index } of leaves) {
    let place = index;
    let size = count;
    let level = 0;
    for (const hash of pathIn({ leaves, count, siblings }, index)) {
      // An odd last one has no sibling.
      for (; place % 2 === 0 && place + 1 === size; level += 1) {
        place /= 2;
        size = Math.ceil(size / 2);
      }
      nodes.set(`${level} ${place % 2 === 0 ? place + 1 : place - 1}`, hash);
      place = Math.floor(place / 2);
      size = Math.ceil(size / 2);
      level += 1;
    }
  }
  const nodeAt = (level: number, place: number): Uint8Array =>
    nodes.get(`${level} ${place}`) ?? new Uint8Array(32);
  const indexes = rows.map((row) => row.index);
  return [{ ...anchor, rows, siblings: multiproof(indexes, count, nodeAt) }];
}

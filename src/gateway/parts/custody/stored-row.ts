import type { ItemRow } from '../../../api/items.ts';
import { textOfBytes } from '../../../api/message-parts.ts';
import type { MerkleTree } from '../../../ledger/merkle.ts';
import { CodedError } from '../../../primitives/errors.ts';
import {
  type BlobId,
  parseBlobId,
  parseConsentId,
  parseRecordId,
  parseTxId,
  type RecordId,
} from '../../../primitives/ids.ts';
import type { Row } from '../../store.ts';

/** What a grant is held against. */
export interface StoredItem {
  readonly recordId: RecordId;
  /** Undefined: erased. */
  readonly recordClass: string | undefined;
  /** Block time of its anchor. */
  readonly timeMs: number;
}

/** An anchored row with all that its reader checks it by. */
export interface StoredRow extends StoredItem {
  readonly row: ItemRow;
  readonly blobId: BlobId | undefined;
  readonly cursor: string;
}

const rowColumns = `delivery, position, recordId, leaf, salt, leafContent, header, class, blob, tombstone,
  txId, height, timeMs, epoch, consent, root, count`;
export const selectRow = `SELECT ${rowColumns} FROM items JOIN deliveries USING (delivery)`;
/** Whole deliveries and single erased rows, found by their indexes; CROSS JOIN keeps SQLite from going through all. */
export const selectChanged = `SELECT ${rowColumns} FROM (
    SELECT delivery, position FROM items JOIN deliveries USING (delivery) WHERE deliveries.account = ? AND shownAs > ?
    UNION SELECT delivery, position FROM items WHERE account = ? AND erasedAs > ?
  ) CROSS JOIN items USING (delivery, position) CROSS JOIN deliveries USING (delivery)`;

/** With its path in the tree of its delivery. */
export function storedRow(row: Row, tree: MerkleTree): StoredRow {
  const index = row.uint('position');
  const recordId = parseRecordId(row.text('recordId'));
  const consent = row.text('consent');
  const place = {
    recordId,
    txId: parseTxId(row.text('txId')),
    height: row.uint('height'),
    timeMs: row.uint('timeMs'),
    epoch: row.uint('epoch'),
    ...(consent === '' ? {} : { consent: parseConsentId(consent) }),
    root: textOfBytes(row.bytes('root')),
    index,
    count: row.uint('count'),
    path: tree.path(index).map(textOfBytes),
  };
  const cursor = cursorOf(row);
  const common = { recordId, timeMs: place.timeMs, cursor };
  if (!row.isNull('tombstone')) {
    const leaf = textOfBytes(row.bytes('leaf'));
    const tombstone = textOfBytes(row.bytes('tombstone'));
    const erased: ItemRow = { state: 'erased', ...place, leaf, tombstone };
    return { ...common, recordClass: undefined, blobId: undefined, row: erased };
  }
  const live: ItemRow = {
    state: 'live',
    ...place,
    salt: textOfBytes(row.bytes('salt')),
    leafContent: textOfBytes(row.bytes('leafContent')),
    header: textOfBytes(row.bytes('header')),
  };
  const blobId = parseBlobId(row.text('blob'));
  return { ...common, recordClass: row.text('class'), blobId, row: live };
}

export function cursorOf(row: Row): string {
  return `${row.uint('height')}.${row.uint('delivery')}.${row.uint('position')}`;
}

/** `height.delivery.position` of the last row of the page before; throws REQUEST_INVALID. */
export function parseCursor(cursor: string): [number, number, number] {
  if (cursor === '') return [0, 0, 0];
  const parts = /^(\d{1,15})\.(\d{1,15})\.(\d{1,9})$/.exec(cursor);
  if (parts === null) throw new CodedError('REQUEST_INVALID', { at: 'cursor' });
  return [Number(parts[1]), Number(parts[2]), Number(parts[3])];
}

import type { AnchorHead, ItemRow } from '../../../api/rows.ts';
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

/** An anchored row, and where it stands. */
export interface StoredRow extends StoredItem {
  readonly row: ItemRow;
  readonly delivery: number;
  /** What it has in common with the other rows of its anchor. */
  readonly anchor: Omit<AnchorHead, 'siblings' | 'rows'>;
  readonly blobId: BlobId | undefined;
  readonly cursor: string;
}

/** What the rows of a delivery have in common is read once for all of them. */
const rowColumns = `delivery, position, height, recordId, salt, leafContent, header, class, blob, tombstone,
  CASE WHEN tombstone IS NULL THEN NULL ELSE leaf END AS leaf`;
export const selectDelivery =
  'SELECT txId, height, timeMs, epoch, consent, root, count FROM deliveries WHERE delivery = ?';
export const selectRow = `SELECT ${rowColumns} FROM items JOIN deliveries USING (delivery)`;
/** Whole deliveries and single erased rows, found by their indexes; CROSS JOIN keeps SQLite from going through all. */
export const selectChanged = `SELECT ${rowColumns} FROM (
    SELECT delivery, position FROM items JOIN deliveries USING (delivery) WHERE deliveries.account = ? AND shownAs > ?
    UNION SELECT delivery, position FROM items WHERE account = ? AND erasedAs > ?
  ) CROSS JOIN items USING (delivery, position) CROSS JOIN deliveries USING (delivery)`;

/** What its delivery says of all of its rows. */
export function anchorOf(delivery: Row): StoredRow['anchor'] {
  const consent = delivery.text('consent');
  return {
    txId: parseTxId(delivery.text('txId')),
    height: delivery.uint('height'),
    timeMs: delivery.uint('timeMs'),
    epoch: delivery.uint('epoch'),
    consent: consent === '' ? '' : parseConsentId(consent),
    root: delivery.bytes('root'),
    count: delivery.uint('count'),
  };
}

export function storedRow(row: Row, anchor: StoredRow['anchor']): StoredRow {
  const index = row.uint('position');
  const recordId = parseRecordId(row.text('recordId'));
  const delivery = row.uint('delivery');
  const common = { recordId, timeMs: anchor.timeMs, cursor: cursorOf(row), delivery, anchor };
  if (!row.isNull('tombstone')) {
    const tombstone = row.bytes('tombstone');
    const erased: ItemRow = { kind: 'erased', index, recordId, leaf: row.bytes('leaf'), tombstone };
    return { ...common, recordClass: undefined, blobId: undefined, row: erased };
  }
  const live: ItemRow = {
    ...{ kind: 'live', index, recordId },
    salt: row.bytes('salt'),
    leafContent: row.bytes('leafContent'),
    header: row.bytes('header'),
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

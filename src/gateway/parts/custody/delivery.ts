import type { RecordClass } from '../../../api/classes.ts';
import {
  decodeItemHeader,
  decodeLeafContent,
  itemHeaderHash,
  itemLeafHash,
} from '../../../api/item.ts';
import type { ItemInput } from '../../../api/items.ts';
import { bytesOfText } from '../../../api/message-parts.ts';
import { merkleRoot } from '../../../ledger/merkle.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId, BlobId, ConsentId, RecordId } from '../../../primitives/ids.ts';

export interface DeliveredRow {
  readonly recordId: RecordId;
  readonly leaf: Uint8Array;
  readonly salt: Uint8Array;
  readonly leafContent: Uint8Array;
  readonly header: Uint8Array;
  readonly recordClass: RecordClass;
  readonly blobId: BlobId;
}

export interface Delivery {
  readonly account: AccountId;
  readonly epoch: number;
  /** '' : the owner delivers. */
  readonly consent: ConsentId | '';
  readonly root: Uint8Array;
  readonly rows: readonly DeliveredRow[];
  /** What the rows take up here: salts, leaf contents and headers. */
  readonly bytes: number;
}

/**
 * Rows as they came, once they fit together: each header hashes to what its leaf content says, is of the named
 * epoch, and no record id comes twice. What lies in wrap and body is nobody's business here.
 * Throws LEAF_MISMATCH with `index`, RECORD_ID_TAKEN, REQUEST_INVALID. Source: docs/protocol/http.md, H-9.
 */
export function parseDelivery(request: {
  readonly account: AccountId;
  readonly epoch: number;
  readonly consent: ConsentId | '';
  readonly rows: readonly ItemInput[];
}): Delivery {
  const rows = request.rows.map((row, index) => parseRow(row, request.epoch, index));
  const ids = new Set<string>();
  for (const { recordId } of rows) {
    if (ids.has(recordId)) throw new CodedError('RECORD_ID_TAKEN', { recordId });
    ids.add(recordId);
  }
  const { account, epoch, consent } = request;
  const bytes = rows.reduce((sum, row) => sum + bytesOfRow(row), 0);
  return { account, epoch, consent, root: merkleRoot(rows.map(({ leaf }) => leaf)), rows, bytes };
}

function bytesOfRow({ salt, leafContent, header }: DeliveredRow): number {
  return salt.length + leafContent.length + header.length;
}

function parseRow(row: ItemInput, epoch: number, index: number): DeliveredRow {
  const salt = bytesOfText(row.salt, 32);
  const leafContent = bytesOfText(row.leafContent);
  const header = bytesOfText(row.header);
  try {
    const stated = decodeLeafContent(leafContent);
    const opened = decodeItemHeader(header);
    if (opened.epoch !== epoch || !equalBytes(stated.headerHash, itemHeaderHash(header))) {
      throw new CodedError('LEAF_MISMATCH', { index });
    }
    const leaf = itemLeafHash(salt, leafContent);
    const { recordClass, blobId } = stated;
    return { recordId: opened.recordId, leaf, salt, leafContent, header, recordClass, blobId };
  } catch (cause) {
    throw new CodedError('LEAF_MISMATCH', { index }, cause);
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordClass } from '../../../api/classes.ts';
import {
  decodeItemHeader,
  decodeLeafContent,
  itemHeaderHash,
  itemLeafHash,
} from '../../../api/item.ts';
import { type ItemInput, readItems, type WriteConsent } from '../../../api/items.ts';
import { merkleRoot } from '../../../ledger/merkle.ts';
import { equalBytes } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import type { AccountId, BlobId, ConsentId, RecordId } from '../../../primitives/ids.ts';
import { inSlices } from '../../slices.ts';

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
 * epoch, and no record id comes twice. What lies in wrap and body is nobody's business here. Slice by slice, since a
 * delivery may have thousands of rows.
 * Throws LEAF_MISMATCH with `index`, RECORD_ID_TAKEN, CBOR_*, ID_FORMAT. Source: docs/protocol/http.md, H-9.
 */
export async function readDelivery(encoded: Uint8Array): Promise<{
  readonly delivery: Delivery;
  /** What a writer shows who is not the owner. */
  readonly shown: WriteConsent | undefined;
}> {
  const { head, rows: inputs } = readItems(encoded);
  const { account, epoch } = head;
  const [shown] = head.consent;
  const rows: DeliveredRow[] = [];
  const ids = new Set<string>();
  for await (const slice of inSlices(inputs)) {
    for (const input of slice) {
      const row = parseRow(input, epoch, rows.length);
      const { recordId } = row;
      if (ids.has(recordId)) throw new CodedError('RECORD_ID_TAKEN', { recordId });
      ids.add(recordId);
      rows.push(row);
    }
  }
  // Thousands of hashes: a turn of their own.
  await nextTurn();
  const root = merkleRoot(rows.map(({ leaf }) => leaf));
  const bytes = rows.reduce((sum, row) => sum + bytesOfRow(row), 0);
  return { delivery: { account, epoch, consent: shown?.id ?? '', root, rows, bytes }, shown };
}

function bytesOfRow({ salt, leafContent, header }: DeliveredRow): number {
  return salt.length + leafContent.length + header.length;
}

function parseRow(row: ItemInput, epoch: number, index: number): DeliveredRow {
  const { salt, leafContent, header } = row;
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

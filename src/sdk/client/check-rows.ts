import type { RecordClass } from '../../api/classes.ts';
import { decodeErased, type Erased } from '../../api/erase.ts';
import {
  decodeLeafContent,
  decodeStoredHeader,
  itemHeaderHash,
  itemLeafHash,
} from '../../api/item.ts';
import type { ItemRow, LiveRow } from '../../api/items.ts';
import { bytesOfText } from '../../api/message-parts.ts';
import { decodeSigned } from '../../api/signed.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyLabelled } from '../../crypto/signature.ts';
import { isIncluded } from '../../ledger/merkle.ts';
import { anchorRowId, anchors } from '../../ledger/tables/anchors.ts';
import { equalBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import type { AccountId, BlobId, ConsentId, RecordId, TxId } from '../../primitives/ids.ts';
import type { ProvenLedger } from '../ledger/proven-ledger.ts';

/** A row that was proven to be anchored: nothing in it is the server's word any more. */
export interface LiveItem {
  readonly account: AccountId;
  readonly recordId: RecordId;
  readonly recordClass: RecordClass;
  readonly blobId: BlobId;
  readonly paddedSize: number;
  readonly epoch: number;
  /** Undefined: the owner anchored it. */
  readonly consent: ConsentId | undefined;
  readonly txId: TxId;
  readonly height: number;
  readonly timeMs: number;
  readonly header: Uint8Array;
  readonly leafContent: Uint8Array;
  readonly salt: Uint8Array;
  readonly leaf: Uint8Array;
  readonly root: Uint8Array;
  readonly index: number;
  readonly count: number;
  readonly path: readonly Uint8Array[];
}

/** What is left of an erased item: its place, and the holder's signed word. */
export interface ErasedItem {
  readonly recordId: RecordId;
  readonly height: number;
  readonly timeMs: number;
  readonly leaf: Uint8Array;
  readonly root: Uint8Array;
  readonly index: number;
  readonly count: number;
  readonly tombstone: Uint8Array;
}

/**
 * Checks rows as a server hands them out: the leaf lies under the root that the ledger has for this
 * account, with that epoch, time and count, and the header is the leaf's.
 *
 * Throws PROOF_INVALID (not anchored so), ITEM_HEADER_CORRUPT, GATEWAY_LIED (place or class differ),
 * SIGNATURE_WRONG (called erased, and no holder put its name to it).
 * Source: docs/protocol/reading.md; docs/protocol/items.md, rule I-28.
 */
export async function checkRows(
  ledger: Pick<ProvenLedger, 'row' | 'identityOfKey'>,
  account: AccountId,
  rows: readonly ItemRow[],
  signal?: AbortSignal,
): Promise<{ readonly live: readonly LiveItem[]; readonly erased: readonly ErasedItem[] }> {
  const live: LiveItem[] = [];
  const erased: ErasedItem[] = [];
  for (const row of rows) {
    const root = bytesOfText(row.root, 32);
    const anchor = await ledger.row(anchors, anchorRowId(account, root), { signal });
    if (
      anchor === undefined ||
      anchor.count !== row.count ||
      anchor.epoch !== row.epoch ||
      anchor.height !== row.height ||
      anchor.timeMs !== row.timeMs ||
      anchor.consent !== (row.consent ?? '')
    ) {
      throw new CodedError('PROOF_INVALID', { recordId: row.recordId, table: 'anchors' });
    }
    const path = row.path.map((sibling) => bytesOfText(sibling, 32));
    const leaf =
      row.state === 'live'
        ? itemLeafHash(bytesOfText(row.salt, 32), bytesOfText(row.leafContent))
        : bytesOfText(row.leaf, 32);
    if (!isIncluded(leaf, row.index, row.count, path, root)) {
      throw new CodedError('PROOF_INVALID', { recordId: row.recordId });
    }
    if (row.state === 'live') live.push(liveItem(account, row, { leaf, root, path }));
    else {
      const { recordId, height, timeMs, index, count } = row;
      const tombstone = bytesOfText(row.tombstone);
      const word = await checkTombstone(ledger, account, tombstone, signal);
      if (!equalBytes(word.leaf, leaf)) throw new CodedError('PROOF_INVALID', { recordId });
      erased.push({ recordId, height, timeMs, leaf, root, index, count, tombstone });
    }
  }
  return { live, erased };
}

/** A holder's signed word that it has deleted an item of this account. Throws SIGNATURE_WRONG. */
export async function checkTombstone(
  ledger: Pick<ProvenLedger, 'identityOfKey'>,
  account: AccountId,
  tombstone: Uint8Array,
  signal?: AbortSignal,
): Promise<Erased> {
  const { bytes, signature } = decodeSigned(tombstone);
  const erased = decodeErased(bytes);
  const known = await ledger.identityOfKey(erased.holder, erased.holderKey, 1, signal);
  if (
    known === undefined ||
    erased.account !== account ||
    !(await verifyLabelled(erased.holderKey, labels.erasedSign, bytes, signature))
  ) {
    throw new CodedError('SIGNATURE_WRONG', { holder: erased.holder });
  }
  return erased;
}

function liveItem(
  account: AccountId,
  row: LiveRow,
  place: {
    readonly leaf: Uint8Array;
    readonly root: Uint8Array;
    readonly path: readonly Uint8Array[];
  },
): LiveItem {
  const leafContent = bytesOfText(row.leafContent);
  const header = bytesOfText(row.header);
  const { headerHash, blobId, recordClass, paddedSize } = decodeLeafContent(leafContent);
  if (!equalBytes(itemHeaderHash(header), headerHash)) {
    throw new CodedError('ITEM_HEADER_CORRUPT', { recordId: row.recordId });
  }
  const { recordId, epoch } = decodeStoredHeader(header);
  if (recordId !== row.recordId || epoch !== row.epoch) {
    throw new CodedError('GATEWAY_LIED', { recordId: row.recordId });
  }
  return {
    account,
    recordId,
    recordClass,
    blobId,
    paddedSize,
    epoch,
    consent: row.consent,
    txId: row.txId,
    height: row.height,
    timeMs: row.timeMs,
    header,
    leafContent,
    salt: bytesOfText(row.salt, 32),
    ...place,
    index: row.index,
    count: row.count,
  };
}

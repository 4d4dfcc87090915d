import type { RecordClass } from '../../api/classes.ts';
import { decodeErased, type Erased } from '../../api/erase.ts';
import {
  decodeLeafContent,
  decodeStoredHeader,
  itemHeaderHash,
  itemLeafHash,
} from '../../api/item.ts';
import type { AnchoredRows, LiveRow } from '../../api/rows.ts';
import { decodeSigned } from '../../api/signed.ts';
import { labels } from '../../crypto/labels.ts';
import { verifyLabelled } from '../../crypto/signature.ts';
import { areIncluded, type ProvenLeaves } from '../../ledger/multiproof.ts';
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
  /** What proved it, with the other rows of its anchor that came with it. */
  readonly proof: ProvenLeaves;
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
 * Checks rows as a server hands them out: their leaves lie, all together, under the root that the ledger has for this
 * account, with that epoch, time and count, and each header is its leaf's.
 *
 * Throws PROOF_INVALID (not anchored so), ITEM_HEADER_CORRUPT, GATEWAY_LIED (place or class differ),
 * SIGNATURE_WRONG (called erased, and no holder put its name to it).
 * Source: docs/protocol/http.md, rule H-24; docs/protocol/items.md, rule I-28.
 */
export async function checkRows(
  ledger: Pick<ProvenLedger, 'row' | 'identityOfKey'>,
  account: AccountId,
  anchored: readonly AnchoredRows[],
  signal?: AbortSignal,
): Promise<{ readonly live: readonly LiveItem[]; readonly erased: readonly ErasedItem[] }> {
  const live: LiveItem[] = [];
  const erased: ErasedItem[] = [];
  for (const shown of anchored) {
    const proof = await provenLeaves(ledger, account, shown, signal);
    const { root, height, timeMs, count } = shown;
    for (const [at, row] of shown.rows.entries()) {
      const leaf = proof.leaves[at]?.leaf ?? root;
      if (row.kind === 'live') {
        live.push(liveItem(account, shown, row, { leaf, proof }));
        continue;
      }
      const { recordId, index, tombstone } = row;
      const word = await checkTombstone(ledger, account, tombstone, signal);
      if (!equalBytes(word.leaf, leaf)) throw new CodedError('PROOF_INVALID', { recordId });
      erased.push({ recordId, height, timeMs, leaf, root, index, count, tombstone });
    }
  }
  return { live, erased };
}

/** The leaves of rows that the ledger's anchor holds, all of them. Throws PROOF_INVALID, COMMIT_TIMEOUT (its block is not here yet). */
async function provenLeaves(
  ledger: Pick<ProvenLedger, 'row'>,
  account: AccountId,
  shown: AnchoredRows,
  signal: AbortSignal | undefined,
): Promise<ProvenLeaves> {
  const { root, count, siblings } = shown;
  // Another hospital's node may be a block ahead of ours: that is no lie.
  const asOf = { signal, since: shown.height };
  const anchor = await ledger.row(anchors, anchorRowId(account, root), asOf);
  const isSo =
    anchor !== undefined &&
    anchor.count === count &&
    anchor.epoch === shown.epoch &&
    anchor.height === shown.height &&
    anchor.timeMs === shown.timeMs &&
    anchor.consent === shown.consent;
  if (!isSo) throw new CodedError('PROOF_INVALID', { table: 'anchors', height: shown.height });
  const leaves = shown.rows.map((row) => ({
    index: row.index,
    leaf: row.kind === 'live' ? itemLeafHash(row.salt, row.leafContent) : row.leaf,
  }));
  if (!areIncluded(leaves, count, siblings, root)) {
    throw new CodedError('PROOF_INVALID', { height: shown.height });
  }
  return { leaves, count, siblings };
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
  { txId, height, timeMs, epoch, consent, root, count }: AnchoredRows,
  { recordId, index, salt, leafContent, header }: LiveRow,
  proven: Pick<LiveItem, 'leaf' | 'proof'>,
): LiveItem {
  const { headerHash, blobId, recordClass, paddedSize } = decodeLeafContent(leafContent);
  if (!equalBytes(itemHeaderHash(header), headerHash)) {
    throw new CodedError('ITEM_HEADER_CORRUPT', { recordId });
  }
  const said = decodeStoredHeader(header);
  if (said.recordId !== recordId || said.epoch !== epoch) {
    throw new CodedError('GATEWAY_LIED', { recordId });
  }
  return {
    ...{ account, recordId, recordClass, blobId, paddedSize, epoch },
    consent: consent === '' ? undefined : consent,
    ...{ txId, height, timeMs, header, leafContent, salt, ...proven, root, index, count },
  };
}

import type { RecordClass } from '../../src/api/classes.ts';
import {
  encodeItemHeader,
  encodeLeafContent,
  itemHeaderHash,
  itemLeafHash,
} from '../../src/api/item.ts';
import type { ItemInput } from '../../src/api/items.ts';
import { randomBytes } from '../../src/crypto/random.ts';
import { merkleRoot } from '../../src/ledger/merkle.ts';
import { suite } from '../../src/ledger/object-types.ts';
import { type BlobId, type RecordId, recordIdOf } from '../../src/primitives/ids.ts';
import { blobIdOf } from '../../src/storage/blob-id.ts';

/** An item as a gateway gets it: to the gateway body and wrap are random bytes, so here they are just that. */
export interface Sealed {
  readonly recordId: RecordId;
  readonly row: ItemInput;
  readonly body: Uint8Array;
  readonly header: Uint8Array;
  readonly leaf: Uint8Array;
  readonly blobId: BlobId;
}

export function sealedItem(
  recordClass: RecordClass,
  change: { recordId?: RecordId; epoch?: number; body?: Uint8Array; wrap?: Uint8Array } = {},
): Sealed {
  const recordId = change.recordId ?? recordIdOf(randomBytes(16));
  const body = change.body ?? randomBytes(300);
  const header = encodeItemHeader({
    suite,
    recordId,
    epoch: change.epoch ?? 1,
    wrapKind: 1,
    wrap: change.wrap ?? randomBytes(60),
    headline: randomBytes(316),
  });
  const salt = randomBytes(32);
  const headerHash = itemHeaderHash(header);
  const blobId = blobIdOf(body);
  const leafContent = encodeLeafContent({ headerHash, blobId, recordClass, paddedSize: 4_096 });
  const row = { salt, leafContent, header };
  return { recordId, row, body, header, blobId, leaf: itemLeafHash(salt, leafContent) };
}

export function rootOf(items: readonly Sealed[]): Uint8Array {
  return merkleRoot(items.map(({ row }) => itemLeafHash(row.salt, row.leafContent)));
}

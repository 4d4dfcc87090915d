import type { RecordClass } from '../../api/classes.ts';
import { decodeLeafContent, itemLeafHash } from '../../api/item.ts';
import type { ProvenLeaves } from '../../ledger/multiproof.ts';
import { bytesToHex } from '../../primitives/bytes.ts';
import type { AccountId, BlobId, ConsentId, RecordId, TxId } from '../../primitives/ids.ts';
import type { LiveItem } from './check-rows.ts';

/** What the rows of one anchor have in common: kept once. */
interface Anchored {
  readonly account: AccountId;
  readonly txId: TxId;
  readonly height: number;
  readonly timeMs: number;
  readonly epoch: number;
  readonly consent: ConsentId | undefined;
  readonly root: Uint8Array;
  readonly count: number;
  readonly proof: ProvenLeaves;
}

/**
 * Proven rows, packed so that a chart of 50,000 items fits into a phone: the bytes of a page of rows lie in
 * one buffer, salt 32 ‖ leaf content ‖ header each, and become objects when somebody asks.
 */
export function packRows(rows: readonly LiveItem[]): LiveItem[] {
  const total = rows.reduce((sum, row) => sum + packedBytes(row), 0);
  const slab = new Uint8Array(total);
  const anchors = new Map<string, Anchored>();
  let at = 0;
  return rows.map((row) => {
    const name = `${row.txId} ${row.epoch} ${row.count} ${bytesToHex(row.root)}`;
    const anchor = anchors.get(name) ?? anchorOf(row);
    anchors.set(name, anchor);
    const packed = new PackedRow(row, anchor, slab, at);
    for (const part of [row.salt, row.leafContent, row.header]) {
      slab.set(part, at);
      at += part.length;
    }
    return packed;
  });
}

const saltBytes = 32;

const packedBytes = ({ leafContent, header }: LiveItem): number =>
  saltBytes + leafContent.length + header.length;

function anchorOf(row: LiveItem): Anchored {
  const { account, txId, height, timeMs, epoch, consent, root, count, proof } = row;
  return { account, txId, height, timeMs, epoch, consent, root: root.slice(), count, proof };
}

class PackedRow implements LiveItem {
  readonly recordId: RecordId;
  readonly recordClass: RecordClass;
  readonly paddedSize: number;
  readonly index: number;
  readonly #anchor: Anchored;
  readonly #slab: Uint8Array;
  readonly #at: number;
  readonly #contentBytes: number;
  readonly #headerBytes: number;

  constructor(row: LiveItem, anchor: Anchored, slab: Uint8Array, at: number) {
    this.recordId = row.recordId;
    this.recordClass = row.recordClass;
    this.paddedSize = row.paddedSize;
    this.index = row.index;
    this.#anchor = anchor;
    this.#slab = slab;
    this.#at = at;
    this.#contentBytes = row.leafContent.length;
    this.#headerBytes = row.header.length;
  }

  get account(): AccountId {
    return this.#anchor.account;
  }
  get txId(): TxId {
    return this.#anchor.txId;
  }
  get height(): number {
    return this.#anchor.height;
  }
  get timeMs(): number {
    return this.#anchor.timeMs;
  }
  get epoch(): number {
    return this.#anchor.epoch;
  }
  get consent(): ConsentId | undefined {
    return this.#anchor.consent;
  }
  get root(): Uint8Array {
    return this.#anchor.root;
  }
  get count(): number {
    return this.#anchor.count;
  }
  get proof(): ProvenLeaves {
    return this.#anchor.proof;
  }
  get salt(): Uint8Array {
    return this.#part(0, saltBytes);
  }
  get leafContent(): Uint8Array {
    return this.#part(saltBytes, this.#contentBytes);
  }
  get header(): Uint8Array {
    return this.#part(saltBytes + this.#contentBytes, this.#headerBytes);
  }
  get leaf(): Uint8Array {
    return itemLeafHash(this.salt, this.leafContent);
  }
  get blobId(): BlobId {
    return decodeLeafContent(this.leafContent).blobId;
  }

  /** A copy: what callers do with it must not change what was proven. */
  #part(from: number, length: number): Uint8Array {
    return this.#slab.slice(this.#at + from, this.#at + from + length);
  }
}

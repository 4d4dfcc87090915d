import { CodedError } from '../../primitives/errors.ts';
import type { BlobId } from '../../primitives/ids.ts';
import { idOfCid } from '../blob-id.ts';

/** A link of a dag-pb node: what it names, and how many bytes of the file lie below it. */
export interface DagLink {
  readonly id: BlobId;
  readonly fileBytes: number;
}

const wireBytes = 2;
const wireInt = 0;
/** No node of the profile has more (S-1). */
const maxLinks = 1024;

/**
 * The links of an untrusted dag-pb node in file order. That the node is the canonical one of the profile is for its
 * reader to prove, by making the tree again (`treeOfLeaves`). Throws BLOB_MISMATCH for what is no such node.
 */
export function linksOf(node: Uint8Array): readonly DagLink[] {
  const ids: BlobId[] = [];
  let sizes: number[] = [];
  for (const [field, value] of fieldsOf(node)) {
    if (field === 2 && value instanceof Uint8Array) ids.push(idInLink(value));
    if (field === 1 && value instanceof Uint8Array) sizes = blockSizes(value);
  }
  if (ids.length === 0 || ids.length > maxLinks || ids.length !== sizes.length) throw malformed();
  return ids.map((id, at) => ({ id, fileBytes: sizes[at] ?? 0 }));
}

/** PBLink: Hash is field 1. */
function idInLink(link: Uint8Array): BlobId {
  for (const [field, value] of fieldsOf(link)) {
    if (field !== 1 || !(value instanceof Uint8Array)) continue;
    try {
      return idOfCid(value);
    } catch (cause) {
      throw new CodedError('BLOB_MISMATCH', { what: 'link' }, cause);
    }
  }
  throw malformed();
}

/** UnixFS: block sizes are field 4. */
function blockSizes(unixFs: Uint8Array): number[] {
  const sizes: number[] = [];
  for (const [field, value] of fieldsOf(unixFs)) {
    if (field === 4 && typeof value === 'number') sizes.push(value);
  }
  return sizes;
}

/** Protobuf of varints and byte strings, each length held against what there is. */
function* fieldsOf(bytes: Uint8Array): Generator<readonly [number, Uint8Array | number]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; scale <= 128 ** 7; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw malformed();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw malformed();
  };
  while (at < bytes.length) {
    const key = varint();
    const field = Math.floor(key / 8);
    if (key % 8 === wireInt) {
      yield [field, varint()];
      continue;
    }
    const length = varint();
    if (key % 8 !== wireBytes || length > bytes.length - at) throw malformed();
    yield [field, bytes.subarray(at, at + length)];
    at += length;
  }
}

function malformed(): CodedError {
  return new CodedError('BLOB_MISMATCH', { what: 'node' });
}

import { sha256 } from '../crypto/hash.ts';
import { concatBytes, equalBytes } from '../primitives/bytes.ts';
import { CodedError } from '../primitives/errors.ts';
import type { BlobId } from '../primitives/ids.ts';
import { blobIdOf, cidBytesOf, idOfCid, isLeafId, leafBytes } from './blob-id.ts';
import type { NamedBlob } from './blob-store.ts';
import { invalid, PieceReader } from './car-reader.ts';

/**
 * Many blobs in one request body (`POST /blobs`): a CAR v1 stream in which every section is one whole
 * blob, that is one raw leaf of at most 1 MiB. A larger blob travels alone (`PUT /blobs/{id}`).
 *
 * Not `@ipld/car`: its reader buffers as many bytes as a header or section claims to have, so a sender
 * of eleven bytes could ask for gigabytes. This one holds one section and checks every length first;
 * tests read and write its streams with `@ipld/car`. Pure: runs in a browser as well.
 * Source: docs/protocol/storage.md, rules S-12 to S-15; ipld.io/specs/transport/car/carv1.
 */
const cidBytes = 36;
/** CIDv1, `cbor`, SHA-256 of 32 bytes: what is said between bodies. */
const noteHead = Uint8Array.of(1, 0x51, 0x12, 32);
/** The same of a raw leaf. */
const leafHead = Uint8Array.of(1, 0x55, 0x12, 32);
const maxNoteBytes = 256;
const maxHeaderBytes = 4096;
const maxSectionBytes = cidBytes + leafBytes;

/** What a stream begins with. */
export const carHead = (): Uint8Array => header.slice();

/** Whether a blob is one leaf, which travels as one section. */
export const isOneSection = (id: BlobId): boolean => isLeafId(id);

/** Before the bytes of one leaf, in a stream of sections. */
export function leafSectionHead(id: BlobId, length: number): Uint8Array {
  return concatBytes(varint(cidBytes + length), cidBytesOf(id));
}

/** A section that is no blob but a few bytes of CBOR, under their own id. */
export function noteSection(said: Uint8Array): Uint8Array {
  return concatBytes(varint(cidBytes + said.length), noteHead, sha256(said), said);
}

/** {roots: [the empty identity CID], version: 1}: CAR wants a root, and our blobs have none above them. */
const header = Uint8Array.of(
  ...[0x19, 0xa2, 0x65, 0x72, 0x6f, 0x6f, 0x74, 0x73, 0x81, 0xd8, 0x2a, 0x45, 0x00, 0x01],
  ...[0x55, 0x00, 0x00, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x01],
);

/**
 * Writes the stream piece by piece as it is asked for. The ids are the caller's word.
 * Throws BODY_TOO_LARGE for a blob that is not one leaf.
 */
export async function* encodeCar(
  blobs: AsyncIterable<NamedBlob> | Iterable<NamedBlob>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield header;
  for await (const { id, bytes } of blobs) {
    if (bytes.length > leafBytes || !isLeafId(id)) {
      throw new CodedError('BODY_TOO_LARGE', { blobId: id, bytes: bytes.length });
    }
    yield leafSectionHead(id, bytes.length);
    if (bytes.length > 0) yield bytes;
  }
}

export interface CarLimits {
  /** More sections than a bundle has items. */
  readonly maxBlobs?: number;
  /** Of the blobs together. */
  readonly maxBytes?: number;
}

/**
 * Reads an untrusted stream: yields each blob after its bytes proved to match its id.
 *
 * Throws CAR_INVALID (malformed, cut short, a section that is not one raw leaf), BLOB_MISMATCH with
 * `blobId`, BODY_TOO_LARGE (a limit). What was yielded before is good.
 */
export async function* decodeCar(
  source: AsyncIterable<Uint8Array>,
  { maxBlobs = 100_000, maxBytes = Number.MAX_SAFE_INTEGER }: CarLimits = {},
): AsyncGenerator<NamedBlob, void, undefined> {
  const reader = new PieceReader(source);
  try {
    await readHeader(reader);
    let blobs = 0;
    let bytes = 0;
    for (;;) {
      const length = await readVarint(reader);
      if (length === undefined) return;
      checkLength(reader, length);
      blobs += 1;
      bytes += length - cidBytes;
      if (blobs > maxBlobs || bytes > maxBytes) {
        throw new CodedError('BODY_TOO_LARGE', { blobs, bytes });
      }
      const id = readId(await reader.take(cidBytes), reader);
      const content = await reader.take(length - cidBytes);
      if (blobIdOf(content) !== id) throw new CodedError('BLOB_MISMATCH', { blobId: id });
      yield { id, bytes: content };
    }
  } finally {
    await reader.close();
  }
}

/** One section: a leaf with the digest that it is said to have, or a note. */
export interface CarSection {
  readonly kind: 'leaf' | 'note';
  readonly digest: Uint8Array;
  readonly bytes: Uint8Array;
}

/**
 * Reads an untrusted stream of leaves and notes: all sections that have come whole, again and again, so that who takes
 * them waits once for a piece of the stream and not for each of many in it. A note is what its id says; of a leaf the
 * digest is the sender's word until who takes it has hashed the bytes. Throws CAR_INVALID; what came before is good.
 */
export async function* carSections(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly CarSection[], void, undefined> {
  const reader = new PieceReader(source);
  try {
    await readHeader(reader);
    for (;;) {
      const here = sectionsHere(reader);
      if (here.sections.length > 0) yield here.sections;
      if (here.failure !== undefined) throw here.failure;
      const length = await readVarint(reader);
      if (length === undefined) return;
      checkLength(reader, length);
      yield [sectionOf(reader, await reader.take(length))];
    }
  } finally {
    await reader.close();
  }
}

/** What lies whole in the piece that is being read. */
function sectionsHere(reader: PieceReader): {
  readonly sections: readonly CarSection[];
  readonly failure: unknown;
} {
  const sections: CarSection[] = [];
  try {
    for (let bytes = sectionHere(reader); bytes !== undefined; bytes = sectionHere(reader)) {
      sections.push(sectionOf(reader, bytes));
    }
    return { sections, failure: undefined };
  } catch (failure) {
    return { sections, failure };
  }
}

/** Undefined unless the next section lies whole in the piece; nothing is taken then. */
function sectionHere(reader: PieceReader): Uint8Array | undefined {
  const { here } = reader;
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = here[i];
    if (byte === undefined) return undefined;
    length += (byte & 127) * 128 ** i;
    if (byte > 127) continue;
    // Not the shortest form, or a length that none has: refused where it is waited for.
    if ((byte === 0 && i > 0) || length < cidBytes || length > maxSectionBytes) return undefined;
    const end = i + 1 + length;
    if (end > here.length) return undefined;
    reader.skip(end);
    // A copy, and no `slice`: of a Buffer that is a view, which keeps the whole piece alive.
    return concatBytes(here.subarray(i + 1, end));
  }
  return undefined;
}

function checkLength(reader: PieceReader, length: number): void {
  if (length < cidBytes || length > maxSectionBytes) throw invalid(reader, 'section length');
}

/** `whole`: id and content. */
function sectionOf(reader: PieceReader, whole: Uint8Array): CarSection {
  const head = whole.subarray(0, leafHead.length);
  const digest = whole.subarray(leafHead.length, cidBytes);
  const bytes = whole.subarray(cidBytes);
  if (equalBytes(head, leafHead)) return { kind: 'leaf', digest, bytes };
  if (!equalBytes(head, noteHead)) throw invalid(reader, 'id');
  if (bytes.length > maxNoteBytes) throw invalid(reader, 'section length');
  if (!equalBytes(sha256(bytes), digest)) throw invalid(reader, 'note');
  return { kind: 'note', digest, bytes };
}

async function readHeader(reader: PieceReader): Promise<void> {
  const length = await readVarint(reader);
  if (length === undefined || length === 0 || length > maxHeaderBytes) {
    throw invalid(reader, 'header length');
  }
  const bytes = await reader.take(length);
  // What every writer of ours begins with. Another's is read by a library that is loaded then.
  if (equalBytes(bytes, header.subarray(1))) return;
  const { decode } = await import('cborg');
  let value: unknown;
  try {
    // Tag 42 is DAG-CBOR's link. Roots are not used: every section is judged by itself.
    value = decode(bytes, { strict: true, tags: { 42: (content) => content() } });
  } catch {
    throw invalid(reader, 'header');
  }
  const fields = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const named = new Map<string, unknown>(fields);
  if (named.size !== 2 || named.get('version') !== 1 || !Array.isArray(named.get('roots'))) {
    throw invalid(reader, 'header');
  }
}

function readId(cid: Uint8Array, reader: PieceReader): BlobId {
  let id: BlobId;
  try {
    id = idOfCid(cid);
  } catch {
    throw invalid(reader, 'id');
  }
  if (!isLeafId(id)) throw invalid(reader, 'not a leaf');
  return id;
}

/** Undefined at the end of the stream. Four bytes hold every length that is allowed here. */
async function readVarint(reader: PieceReader): Promise<number | undefined> {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = await reader.byte();
    if (byte === undefined) {
      if (i === 0) return undefined;
      throw invalid(reader, 'cut short');
    }
    value += (byte & 127) * 128 ** i;
    if (byte < 128) {
      if (byte === 0 && i > 0) break; // not the shortest form
      return value;
    }
  }
  throw invalid(reader, 'length');
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Uint8Array.from([...bytes, left]);
}

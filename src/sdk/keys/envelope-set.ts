import { messageObjects } from '../../api/object-types.ts';
import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { deriveKey, hmacSha256 } from '../../crypto/hash.ts';
import { type KemKey, kems } from '../../crypto/kem.ts';
import { labels } from '../../crypto/labels.ts';
import { openWith, sealTo } from '../../crypto/letter.ts';
import { randomBytes } from '../../crypto/random.ts';
import { suite } from '../../ledger/object-types.ts';
import { compareBytes, concatBytes, equalBytes, utf8 } from '../../primitives/bytes.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  readArray,
  readBytes,
  readText,
  readUint,
} from '../../primitives/cbor.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  type BlobId,
  type ConsentId,
  idBytes,
  type RecordId,
  recordIdOf,
} from '../../primitives/ids.ts';

/** Every envelope's plaintext has this length; what does not fit lies in the tail. */
export const envelopePlainBytes = 2048;
const tailBlockBytes = 4096;
const sealedEnvelopeBytes = kems.xwing.encBytes + envelopePlainBytes + 16;
const tagBytes = 16;
const none = new Uint8Array(0);

/** Single items that one grant may open beside whole epochs (protocol 4). */
export const maxOpenings = 1_000;

export interface EnvelopeContent {
  readonly segments: readonly {
    readonly class: string;
    readonly epoch: number;
    readonly secret: Uint8Array;
  }[];
  readonly openings: readonly { readonly record: RecordId; readonly secret: Uint8Array }[];
}

export interface Envelope extends EnvelopeContent {
  readonly consent: ConsentId;
  /** From the grant's letter: only who has the letter finds the envelope. */
  readonly tagKey: Uint8Array;
  /** The grantee's X-Wing key as the ledger has it. */
  readonly kemKey: Uint8Array;
}

/**
 * `[suite, type, [[tag 16, sealed]...], tail]`: one envelope per live grant, sorted by tag, filled up to a
 * power of two with real encapsulations to throw-away keys, so that the set shows neither for whom nor
 * for how many it is.
 *
 * Plaintext of an envelope, padded with zeros to 2,048 bytes: length 2 ‖ CBOR, which is
 * `[0, segments, openings]` or, when that is longer, `[1, offset, length, key 32]` into the tail.
 * Throws GRANT_TOO_LARGE, KEY_WEAK. Source: docs/protocol/keys.md, rules K-9 to K-12.
 */
export async function sealEnvelopeSet(
  keySetBlob: BlobId,
  envelopes: readonly Envelope[],
  throwAwayKey: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const tail: Uint8Array[] = [];
  let tailBytes = 0;
  const sealed: { readonly tag: Uint8Array; readonly bytes: Uint8Array }[] = [];
  for (const envelope of envelopes) {
    if (envelope.openings.length > maxOpenings) {
      throw new CodedError('GRANT_TOO_LARGE', { openings: envelope.openings.length });
    }
    const context = contextOf(envelope.consent, keySetBlob);
    let plain = encodeCbor([0, ...contentToCbor(envelope)]);
    if (plain.length > envelopePlainBytes - 2) {
      const key = randomBytes(32);
      const part = await sealTail(key, context, plain);
      plain = encodeCbor([1, tailBytes, part.length, key]);
      tail.push(part);
      tailBytes += part.length;
    }
    sealed.push({
      tag: tagOf(envelope.tagKey, keySetBlob),
      bytes: await sealTo(envelope.kemKey, labels.envelopeSeal, context, none, padded(plain)),
    });
  }
  while (sealed.length === 0 || !isPowerOfTwo(sealed.length)) {
    const context = [randomBytes(16), keySetBlob];
    const key = await throwAwayKey();
    sealed.push({
      tag: randomBytes(tagBytes),
      bytes: await sealTo(key, labels.envelopeSeal, context, none, padded(none)),
    });
  }
  sealed.sort((a, b) => compareBytes(a.tag, b.tag));
  return encodeCbor([
    suite,
    messageObjects.envelopeSet,
    sealed.map(({ tag, bytes }) => [tag, bytes]),
    concatBytes(...tail),
  ]);
}

/** How a grantee finds and opens his own envelope. */
export interface EnvelopeOpener {
  readonly consent: ConsentId;
  readonly tagKey: Uint8Array;
  /** The account's KEM keys, newest first: the set may be older than the last rotation. */
  readonly kemKeys: readonly KemKey[];
}

/**
 * What the set holds for this grant; undefined when it holds nothing (the grant had ended by then).
 * Throws CANNOT_OPEN, and CBOR_* or SUITE_UNKNOWN for a set that is none.
 */
export async function openEnvelope(
  set: Uint8Array,
  keySetBlob: BlobId,
  opener: EnvelopeOpener,
): Promise<EnvelopeContent | undefined> {
  const fields = readArray(decodeCbor(set), 'envelope set', 4);
  if (fields[0] !== suite) throw new CodedError('SUITE_UNKNOWN');
  if (fields[1] !== messageObjects.envelopeSet) throw new CodedError('TYPE_UNKNOWN');
  const tag = tagOf(opener.tagKey, keySetBlob);
  const found = readArray(fields[2], 'envelopes')
    .map((entry) => readArray(entry, 'envelope', 2))
    .find((entry) => equalBytes(readBytes(entry[0], 'tag', tagBytes), tag));
  if (found === undefined) return undefined;
  const sealed = readBytes(found[1], 'envelope', sealedEnvelopeBytes);
  const context = contextOf(opener.consent, keySetBlob);
  const plain = unpadded(await openWithAny(opener.kemKeys, context, sealed));
  const inside = readArray(decodeCbor(plain), 'envelope');
  if (inside[0] === 0) return contentFromCbor(inside);
  if (inside[0] !== 1) throw new CodedError('TYPE_UNKNOWN');
  const tail = readBytes(fields[3], 'tail');
  const offset = readUint(inside[1], 'offset', tail.length);
  const length = readUint(inside[2], 'length', tail.length - offset);
  const key = readBytes(inside[3], 'tail key', 32);
  const opened = await openTail(key, context, tail.subarray(offset, offset + length));
  return contentFromCbor(readArray(decodeCbor(opened), 'envelope'));
}

async function openWithAny(
  keys: readonly KemKey[],
  context: Cbor,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  for (const key of keys) {
    try {
      return await openWith(key, labels.envelopeSeal, context, none, sealed);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
    }
  }
  throw new CodedError('CANNOT_OPEN');
}

function tagOf(tagKey: Uint8Array, keySetBlob: BlobId): Uint8Array {
  return hmacSha256(tagKey, utf8(keySetBlob)).slice(0, tagBytes);
}

const contextOf = (consent: ConsentId, keySetBlob: BlobId): Cbor => [idBytes(consent), keySetBlob];

function contentToCbor({ segments, openings }: EnvelopeContent): readonly [Cbor, Cbor] {
  return [
    segments.map((it) => [it.class, it.epoch, it.secret]),
    openings.map((it) => [idBytes(it.record), it.secret]),
  ];
}

function contentFromCbor(fields: readonly Cbor[]): EnvelopeContent {
  readArray(fields, 'envelope', 3);
  return {
    segments: readArray(fields[1], 'segments').map((entry) => {
      const [name, epoch, secret] = readArray(entry, 'segment', 3);
      return {
        class: readText(name, 'class', 32),
        epoch: readUint(epoch, 'epoch'),
        secret: readBytes(secret, 'secret', 32),
      };
    }),
    openings: readArray(fields[2], 'openings').map((entry) => {
      const [record, secret] = readArray(entry, 'opening', 2);
      return {
        record: recordIdOf(readBytes(record, 'record', 16)),
        secret: readBytes(secret, 'secret', 32),
      };
    }),
  };
}

/** Length in two bytes, the content, zeros. */
function padded(content: Uint8Array): Uint8Array {
  const plain = new Uint8Array(envelopePlainBytes);
  plain.set([content.length >> 8, content.length & 255]);
  plain.set(content, 2);
  return plain;
}

function unpadded(plain: Uint8Array): Uint8Array {
  const length = (plain[0] ?? 0) * 256 + (plain[1] ?? 0);
  if (length > plain.length - 2) throw new CodedError('CBOR_SHAPE', { field: 'envelope' });
  return plain.subarray(2, 2 + length);
}

/** Length in four bytes, the content, zeros up to blocks of 4 KiB; under a key of its own. */
async function sealTail(key: Uint8Array, context: Cbor, content: Uint8Array): Promise<Uint8Array> {
  const blocks = Math.ceil((content.length + 4) / tailBlockBytes);
  const plain = new Uint8Array(blocks * tailBlockBytes);
  new DataView(plain.buffer).setUint32(0, content.length);
  plain.set(content, 4);
  return sealUnderKey(deriveKey(key, labels.envelopeTail, context), none, plain);
}

async function openTail(key: Uint8Array, context: Cbor, sealed: Uint8Array): Promise<Uint8Array> {
  const plain = await openUnderKey(deriveKey(key, labels.envelopeTail, context), none, sealed);
  if (plain.length < 4) throw new CodedError('CBOR_SHAPE', { field: 'tail' });
  const length = new DataView(plain.buffer, plain.byteOffset, plain.byteLength).getUint32(0);
  if (length > plain.length - 4) throw new CodedError('CBOR_SHAPE', { field: 'tail' });
  return plain.subarray(4, 4 + length);
}

const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0;

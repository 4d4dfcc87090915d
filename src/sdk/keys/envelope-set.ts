import { messageObjects } from '../../api/object-types.ts';
import { openUnderKey, sealUnderKey } from '../../crypto/aead.ts';
import { deriveKey, hmacSha256 } from '../../crypto/hash.ts';
import { type KemKey, kems } from '../../crypto/kem.ts';
import { labels } from '../../crypto/labels.ts';
import { openWith, sealTo } from '../../crypto/letter.ts';
import { randomBytes } from '../../crypto/random.ts';
import { suite } from '../../ledger/object-types.ts';
import {
  compareBytes,
  concatBytes,
  equalBytes,
  readU32be,
  u32be,
  utf8,
} from '../../primitives/bytes.ts';
import type { Cbor } from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { type BlobId, type ConsentId, idBytes } from '../../primitives/ids.ts';
import {
  bytes,
  choice,
  decodeAs,
  encodeAs,
  list,
  type Of,
  recordId,
  struct,
  text,
  typed,
  uint,
} from '../../primitives/shape.ts';

/**
 * How the keys of a patient's records reach those who may read: one public blob a KeySet, in which each
 * grantee finds his own envelope, and nobody sees for whom the others are or how many are real.
 *
 *     set    [suite, type, envelopes, tail]
 *                          │          └ part ‖ part ‖ …   what did not fit, each under a key of its own
 *                          ├ tag 16, sealed 3,184          a living grant
 *                          ├ tag 16, sealed 3,184          nobody: sealed to a key that was thrown away
 *                          └ … sorted by tag; 1, 2, 4, 8 … of them
 *     sealed X-Wing encapsulation 1,120 ‖ AES-256-GCM of 2,048 ‖ tag 16
 *     inside length 2 ‖ CBOR ‖ zeros; CBOR: [0, segments, openings], or [1, offset, length, key] into the tail
 *     part   nonce 12 ‖ AES-256-GCM of (length 4 ‖ CBOR [0, segments, openings] ‖ zeros to 4 KiB) ‖ tag 16
 *
 * Flow: the owner seals, uploads, and names the blob in a KeySet. The grantee has a tag key from his grant's
 * letter, works out the tag that his envelope has in this set, finds it, opens it with his KEM key.
 *
 * Who learns what: the grantee the keys of his grant. Everybody else the power of two, and how long the tail
 * is. The tag is an HMAC of the key set blob's id, so one grant has another tag in every set and no two
 * sets show the same reader. Consent and key set stand in the sealing context: an envelope that was moved
 * into another set, or under another grant, does not open.
 * Source: docs/protocol/keys.md, rules K-9 to K-12.
 */

/** Every envelope's plaintext has this length; what does not fit lies in the tail. */
export const envelopePlainBytes = 2048;
const tailBlockBytes = 4096;
const sealedEnvelopeBytes = kems.xwing.encBytes + envelopePlainBytes + 16;
const tagBytes = 16;
const none = new Uint8Array(0);

/** Single items that one grant may open beside whole epochs (protocol 4). */
export const maxOpenings = 1_000;

/** A whole set, as it is sealed and as it is fetched: five thousand grants, or a thousand that each use their tail. */
export const maxEnvelopeSetBytes = 16 * 1024 * 1024;
/** The longest encoding of one segment or opening. */
const maxEntryBytes = 64;

const segment = struct({ class: text(32), epoch: uint, secret: bytes(32) });
const opening = struct({ record: recordId, secret: bytes(32) });

const envelopePlain = choice(
  {
    /** Keys of whole epochs, and secrets that open single items. */
    content: [0, { segments: list(segment), openings: list(opening) }],
    /** Where in the tail the content lies, in bytes, and the key of that part. */
    inTail: [1, { offset: uint, length: uint, key: bytes(32) }],
  },
  'TYPE_UNKNOWN',
);
type EnvelopePlain = Of<typeof envelopePlain>;
export type EnvelopeContent = Omit<Extract<EnvelopePlain, { kind: 'content' }>, 'kind'>;

const envelopeSet = typed(suite, messageObjects.envelopeSet, {
  envelopes: list(struct({ tag: bytes(tagBytes), sealed: bytes(sealedEnvelopeBytes) })),
  tail: bytes(),
});
type SealedEnvelope = Of<typeof envelopeSet>['envelopes'][number];

export interface Envelope extends EnvelopeContent {
  readonly consent: ConsentId;
  /** From the grant's letter: only who has the letter finds the envelope. */
  readonly tagKey: Uint8Array;
  /** The grantee's X-Wing key as the ledger has it. */
  readonly kemKey: Uint8Array;
}

/**
 * One envelope per live grant, filled up to a power of two with real encapsulations to throw-away keys.
 * A grantee whose KEM key is none gets no envelope: he could open nothing, and must not stand in the way of the others'.
 * Throws GRANT_TOO_LARGE (also for a set of more than 16 MiB).
 */
export async function sealEnvelopeSet(
  keySetBlob: BlobId,
  envelopes: readonly Envelope[],
  throwAwayKey: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const tail: Uint8Array[] = [];
  let tailBytes = 0;
  const sealed: SealedEnvelope[] = [];
  for (const envelope of envelopes) {
    if (envelope.openings.length > maxOpenings) {
      throw new CodedError('GRANT_TOO_LARGE', { openings: envelope.openings.length });
    }
    const context = contextOf(envelope.consent, keySetBlob);
    let plain = encodeAs(envelopePlain, { kind: 'content', ...contentOf(envelope) });
    if (plain.length > envelopePlainBytes - 2) {
      const key = randomBytes(32);
      const part = await sealTail(key, context, plain);
      const { length } = part;
      plain = encodeAs(envelopePlain, { kind: 'inTail', offset: tailBytes, length, key });
      tail.push(part);
      tailBytes += length;
    }
    const inside = await unlessWeak(
      sealTo(envelope.kemKey, labels.envelopeSeal, context, none, padded(plain)),
    );
    if (inside !== undefined) {
      sealed.push({ tag: tagOf(envelope.tagKey, keySetBlob), sealed: inside });
    }
  }
  while (sealed.length === 0 || !isPowerOfTwo(sealed.length)) {
    const context = [randomBytes(16), keySetBlob];
    const key = await throwAwayKey();
    sealed.push({
      tag: randomBytes(tagBytes),
      sealed: await sealTo(key, labels.envelopeSeal, context, none, padded(none)),
    });
  }
  sealed.sort((a, b) => compareBytes(a.tag, b.tag));
  const set = encodeAs(envelopeSet, { envelopes: sealed, tail: concatBytes(...tail) });
  if (set.length > maxEnvelopeSetBytes) {
    throw new CodedError('GRANT_TOO_LARGE', { bytes: set.length, maxBytes: maxEnvelopeSetBytes });
  }
  return set;
}

async function unlessWeak(sealing: Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await sealing;
  } catch (error) {
    if (!isCoded(error, 'KEY_WEAK')) throw error;
    return undefined;
  }
}

/** How a grantee finds and opens his own envelope. */
export interface EnvelopeOpener {
  readonly consent: ConsentId;
  readonly tagKey: Uint8Array;
  /** The account's KEM keys, newest first: the set may be older than the last rotation. */
  readonly kemKeys: readonly KemKey[];
  /** So many segments the grant can have at most, by the ledger's epochs and its own classes. */
  readonly mostSegments: number;
}

/**
 * What the set holds for this grant; undefined when it holds nothing (the grant had ended by then). A part of the tail
 * that is longer than the grant can fill is measured before it is opened: its owner wrote the length.
 * Throws CANNOT_OPEN, and CBOR_* or SUITE_UNKNOWN for a set that is none, or larger than one may be.
 */
export async function openEnvelope(
  set: Uint8Array,
  keySetBlob: BlobId,
  opener: EnvelopeOpener,
): Promise<EnvelopeContent | undefined> {
  if (set.length > maxEnvelopeSetBytes) throw new CodedError('CBOR_SHAPE', { field: 'set' });
  const { envelopes, tail } = decodeAs(envelopeSet, set, 'envelope set');
  const tag = tagOf(opener.tagKey, keySetBlob);
  const found = envelopes.find((envelope) => equalBytes(envelope.tag, tag));
  if (found === undefined) return undefined;
  const context = contextOf(opener.consent, keySetBlob);
  const plain = unpadded(await openWithAny(opener.kemKeys, context, found.sealed));
  const inside = decodeAs(envelopePlain, plain, 'envelope');
  if (inside.kind === 'content') return contentOf(inside);
  const { offset, length, key } = inside;
  const isTooLong = length > mostTailBytes(opener.mostSegments);
  if (isTooLong || offset + length > tail.length) {
    throw new CodedError('CBOR_SHAPE', { field: 'tail' });
  }
  const opened = await openTail(key, context, tail.subarray(offset, offset + length));
  const content = decodeAs(envelopePlain, opened, 'tail');
  if (content.kind !== 'content') throw new CodedError('TYPE_UNKNOWN', { field: 'tail' });
  return contentOf(content);
}

/** Of one part as it travels: all its segments and openings, the heads of the lists, padding, nonce and tag. */
function mostTailBytes(mostSegments: number): number {
  return (mostSegments + maxOpenings) * maxEntryBytes + tailBlockBytes + 64;
}

/** What these keys add to a set at most. */
export function mostBytesOf({ segments, openings }: EnvelopeContent): number {
  return (segments.length + openings.length) * maxEntryBytes;
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

const contentOf = ({ segments, openings }: EnvelopeContent): EnvelopeContent => ({
  segments,
  openings,
});

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
  plain.set(u32be(content.length));
  plain.set(content, 4);
  return sealUnderKey(deriveKey(key, labels.envelopeTail, context), none, plain);
}

async function openTail(key: Uint8Array, context: Cbor, sealed: Uint8Array): Promise<Uint8Array> {
  const plain = await openUnderKey(deriveKey(key, labels.envelopeTail, context), none, sealed);
  if (plain.length < 4) throw new CodedError('CBOR_SHAPE', { field: 'tail' });
  const length = readU32be(plain);
  if (length > plain.length - 4) throw new CodedError('CBOR_SHAPE', { field: 'tail' });
  return plain.subarray(4, 4 + length);
}

const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0;

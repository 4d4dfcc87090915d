import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { encodeItemCore, itemHeaderHash, itemLeafHash } from '../../../src/api/item.ts';
import { sealUnderKey } from '../../../src/crypto/aead.ts';
import {
  openChunked,
  openChunkedRange,
  openChunkedStream,
  openedLength,
  sealChunkedWithSalt,
} from '../../../src/crypto/chunked.ts';
import { deriveKey, hmacSha256 } from '../../../src/crypto/hash.ts';
import { xwingKeyFromSeed } from '../../../src/crypto/kem.ts';
import { labels } from '../../../src/crypto/labels.ts';
import { sealTo } from '../../../src/crypto/letter.ts';
import { signingKeyFromSeed, signLabelled } from '../../../src/crypto/signature.ts';
import {
  base64urlToBytes,
  bytesToHex,
  concatBytes,
  hexToBytes,
  utf8,
} from '../../../src/primitives/bytes.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  readArray,
  readBoolean,
  readBytes,
  readUint,
} from '../../../src/primitives/cbor.ts';
import { isCoded } from '../../../src/primitives/errors.ts';
import {
  accountIdOf,
  consentIdOf,
  idBytes,
  parseAccountId,
  recordIdOf,
} from '../../../src/primitives/ids.ts';
import { envelopePlainBytes, openEnvelope } from '../../../src/sdk/keys/envelope-set.ts';
import {
  emptyLine,
  encodeHeadline,
  headlineHashOf,
  headlineOf,
} from '../../../src/sdk/records/headline/headline-format.ts';
import { sealHeadline } from '../../../src/sdk/records/headline/headline-seal.ts';
import { encodeItemHead, paddedLength } from '../../../src/sdk/records/item-inside.ts';
import { type ItemToOpen, openItem, openItemStream } from '../../../src/sdk/records/item-open.ts';
import { bodyContext } from '../../../src/sdk/records/item-seal.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { bytesOf, someBlob } from '../../world.ts';
import type { Target, TargetModule } from '../target.ts';
import { mustEqual } from './codec.ts';

const cborCodes = ['CBOR_INVALID', 'CBOR_SHAPE', 'SUITE_UNKNOWN', 'TYPE_UNKNOWN'] as const;
const none = new Uint8Array(0);

export async function* inPieces(whole: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

export async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return concatBytes(...all);
}

/** The code of a refusal, or what came out. */
async function outcome(work: () => Promise<Uint8Array>): Promise<Uint8Array | string> {
  try {
    return await work();
  } catch (error) {
    if (!isCoded(error) || error.code === 'INTERNAL') throw error;
    return error.code;
  }
}

/** Both ways of opening agree; a stream fails at its first bad chunk, before its hash is known. */
async function openBothWays(item: ItemToOpen, body: Uint8Array): Promise<Uint8Array | string> {
  const whole = await outcome(async () => (await openItem(item, body)).bytes);
  const streamed = await outcome(async () =>
    joined((await openItemStream(item, inPieces(body, 1_500))).bytes),
  );
  if (whole instanceof Uint8Array && streamed instanceof Uint8Array) {
    mustEqual(streamed, whole, 'the stream gives other bytes');
  } else if (whole === 'BLOB_CORRUPT') {
    assert.match(String(streamed), /^(BLOB_CORRUPT|CANNOT_OPEN|ITEM_FORGED)$/);
  } else assert.equal(streamed, whole, 'only one way of opening refuses');
  return whole;
}

interface Vector {
  readonly [field: string]: string;
}

/** Input `[number of the vector, header, leaf content, salt, body, leaf fits]`: what a server or a writer changed. */
export const items: TargetModule = {
  async open(): Promise<Target> {
    const url = new URL('../../vectors/records/items.json', import.meta.url);
    const { items: vectors } = JSON.parse(readFileSync(url, 'utf8')) as { items: Vector[] };
    const bytes = (vector: Vector, field: string): Uint8Array => {
      const text = vector[field] ?? '';
      return hexToBytes(text) ?? base64urlToBytes(text) ?? none;
    };
    const halfOf = (vector: Vector): Uint8Array | undefined =>
      vector.half === undefined ? undefined : bytes(vector, 'half');
    const seeds = vectors.flatMap((vector, i) => {
      const body = base64urlToBytes(vector.body ?? '') ?? none;
      const header = base64urlToBytes(vector.header ?? '') ?? none;
      const rest = [header, bytes(vector, 'leafContent'), bytes(vector, 'salt'), body];
      return [true, false].map((fits) => encodeCbor([i, ...rest, fits]));
    });
    const words = vectors.flatMap((vector) => [
      vector.class ?? '',
      bytes(vector, 'recordId'),
      4_096,
    ]);
    return {
      ...{ name: 'items', shape: 'cbor', seeds, words },
      run: async (input) => {
        const fields = readArray(decodeCbor(input), 'input', 6);
        const vector = vectors[readUint(fields[0], 'number') % vectors.length];
        assert.ok(vector !== undefined);
        const leafContent = readBytes(fields[2], 'leaf content');
        const salt = readBytes(fields[3], 'salt');
        const leaf = readBoolean(fields[5], 'fits')
          ? itemLeafHash(salt, leafContent)
          : bytes(vector, 'leaf');
        const item: ItemToOpen = {
          ...{ header: readBytes(fields[1], 'header'), leafContent, salt, leaf },
          account: parseAccountId(vector.account),
          recordId: undefined,
          key: { kind: 'segment', sek: bytes(vector, 'sek'), half: halfOf(vector) },
          isKeyOfAuthor: (author) => author === vector.author,
        };
        const opened = await openBothWays(item, readBytes(fields[4], 'body'));
        if (opened instanceof Uint8Array) {
          assert.equal(new TextDecoder().decode(opened), vector.text, 'another content');
        }
      },
    };
  },
};

/**
 * Input `[head, bytes, zeros, signed, class number, size in the leaf]`: an author who is enrolled and may write,
 * and makes what is inside the seal as he likes.
 */
export const itemInsides: TargetModule = {
  async open(): Promise<Target> {
    const author = await signingKeyFromSeed(bytesOf('author'));
    const recordId = recordIdOf(bytesOf('record').slice(0, 16));
    const account = accountIdOf(bytesOf('ana'));
    const authorId = accountIdOf(bytesOf('doctor'));
    const recordKey = bytesOf('record key');
    const sek = bytesOf('segment');
    const core = decodeCbor(encodeItemCore(recordId));
    const wrapKey = deriveKey(sek, labels.recordWrap, [idBytes(recordId)]);
    const aad = encodeCbor([core, 7, 1]);
    const wrap = await sealUnderKey(wrapKey, aad, recordKey, new Uint8Array(12));
    const line = encodeHeadline(headlineOf(emptyLine, { name: 'A', recordClass: 'lab' }));
    const headline = await sealHeadline({ recordId, recordKey }, line);
    const header = encodeCbor([core, 7, 1, wrap, headline]);
    const salt = bytesOf('salt');
    const text = new TextEncoder().encode('{"resourceType":"Patient"}');
    const head = (length: number): Uint8Array =>
      encodeItemHead({
        ...{ recordId, account, author: authorId, authorKey: author.publicKey, recordClass: 'lab' },
        ...{ mediaType: 'application/fhir+json', name: 'A', previous: undefined, writtenMs: 1 },
        ...{ ordinaryClass: 'lab', byteLength: length, headlineHash: headlineHashOf(line) },
      });
    const seed = (bytes: Uint8Array): Uint8Array => {
      const first = head(bytes.length);
      const end = first.length + bytes.length + 64;
      const padded = paddedLength(end);
      return encodeCbor([first.slice(4), bytes, padded - end, true, 'lab', padded]);
    };
    return {
      ...{ name: 'item-insides', shape: 'cbor' },
      seeds: [seed(text), seed(none), seed(new Uint8Array(20_000).fill(5))],
      words: [idBytes(account), idBytes(authorId), author.publicKey, 'lab', 'other', 4_096],
      run: async (input) => {
        const fields = readArray(decodeCbor(input), 'input', 6);
        const encodedHead = readBytes(fields[0], 'head');
        const bytes = readBytes(fields[1], 'bytes');
        const zeros = readUint(fields[2], 'zeros', 100_000);
        const length = new Uint8Array(4);
        new DataView(length.buffer).setUint32(0, encodedHead.length);
        const signed = concatBytes(length, encodedHead, bytes);
        const signature = readBoolean(fields[3], 'signed')
          ? await signLabelled(author, labels.recordSign, signed)
          : new Uint8Array(64);
        const inside = concatBytes(signed, signature, new Uint8Array(zeros));
        const context = bodyContext(recordId);
        const body = await sealChunkedWithSalt(recordKey, context, inside, new Uint8Array(24));
        const leafContent = encodeCbor([
          itemHeaderHash(header),
          blobIdOf(body),
          fields[4] ?? null,
          fields[5] ?? null,
        ]);
        const opened = await openBothWays(
          {
            ...{
              header,
              leafContent,
              salt,
              leaf: itemLeafHash(salt, leafContent),
              account,
              recordId,
            },
            key: { kind: 'segment', sek },
            isKeyOfAuthor: (who, key) =>
              who === authorId && bytesToHex(key) === bytesToHex(author.publicKey),
          },
          body,
        );
        if (opened instanceof Uint8Array) mustEqual(opened, bytes, 'other bytes');
      },
    };
  },
};

/** The whole, its stream and its ranges agree, and nothing opens that was not sealed. */
export const chunked: TargetModule = {
  async open(): Promise<Target> {
    const key = bytesOf('key');
    const context = bytesOf('context');
    const plains = [0, 100, 16_383, 16_384, 40_000].map((size) => new Uint8Array(size).fill(size));
    const seeds = await Promise.all(
      plains.map((plain, i) =>
        sealChunkedWithSalt(key, context, plain, new Uint8Array(24).fill(i)),
      ),
    );
    const known = new Set(plains.map(bytesToHex));
    return {
      ...{ name: 'chunked', shape: 'bytes', seeds },
      run: async (input) => {
        const whole = await outcome(() => openChunked(key, context, input));
        const streamed = await outcome(() =>
          joined(openChunkedStream(key, context, inPieces(input, 9_001))),
        );
        assert.deepEqual(streamed, whole, 'the stream differs');
        if (whole instanceof Uint8Array)
          assert.ok(known.has(bytesToHex(whole)), 'not what was sealed');
        const total = openedLength(input.length) ?? 0;
        const from = Math.floor(total / 3);
        const source = {
          length: input.length,
          read: async (at: number, length: number) => input.slice(at, at + length),
        };
        const range = await outcome(() =>
          openChunkedRange(key, context, source, { from, length: total - from }),
        );
        if (whole instanceof Uint8Array)
          mustEqual(range as Uint8Array, whole.subarray(from), 'range');
      },
    };
  },
};

/** Input `[plaintext of the envelope, plaintext of the tail, set]`: an owner who seals what he likes to a grantee. */
export const envelopes: TargetModule = {
  async open(): Promise<Target> {
    const kem = await xwingKeyFromSeed(bytesOf('kem'));
    const consent = consentIdOf(bytesOf('consent').slice(0, 16));
    const tagKey = bytesOf('tag key');
    const context: Cbor = [idBytes(consent), someBlob];
    const tag = hmacSha256(tagKey, utf8(someBlob)).slice(0, 16);
    const tailKey = bytesOf('tail key');
    const content = encodeCbor([
      0,
      [
        ['lab', 3, bytesOf('sek 3')],
        ['iot', 4, bytesOf('sek 4')],
      ],
      [[bytesOf('record').slice(0, 16), bytesOf('opening')]],
    ]);
    const lengthed = (width: number, bytes: Uint8Array): Uint8Array => {
      const length = new Uint8Array(width);
      const view = new DataView(length.buffer);
      if (width === 2) view.setUint16(0, bytes.length);
      else view.setUint32(0, bytes.length);
      return concatBytes(length, bytes);
    };
    const tailPlain = concatBytes(lengthed(4, content), new Uint8Array(100));
    const pointing = encodeCbor([1, 0, tailPlain.length + 28, tailKey]);
    const seeds = [
      encodeCbor([lengthed(2, content), none, true]),
      encodeCbor([lengthed(2, pointing), tailPlain, true]),
      encodeCbor([lengthed(2, encodeCbor([1, 0, 31, tailKey])), Uint8Array.of(0, 0, 0), true]),
    ];
    return {
      ...{ name: 'envelopes', shape: 'cbor', seeds, words: [tailKey, tag, 28, 29, 31, 32] },
      allows: [...cborCodes, 'CANNOT_OPEN'],
      run: async (input) => {
        const fields = readArray(decodeCbor(input), 'input', 3);
        const plain = new Uint8Array(envelopePlainBytes);
        plain.set(readBytes(fields[0], 'plain').subarray(0, envelopePlainBytes));
        const tailed = readBytes(fields[1], 'tail');
        const wrapKey = deriveKey(tailKey, labels.envelopeTail, context);
        const tail = await sealUnderKey(wrapKey, none, tailed, new Uint8Array(12));
        const sealed = await sealTo(kem.publicKey, labels.envelopeSeal, context, none, plain);
        const own = fields[2] === true ? [[tag, sealed]] : (fields[2] ?? []);
        const set = encodeCbor([2, 52, own, tail]);
        await openEnvelope(set, someBlob, { consent, tagKey, kemKeys: [kem], mostSegments: 100 });
      },
    };
  },
};

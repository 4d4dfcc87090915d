import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/any-character.ts';
import {
  decodeItemHeader,
  decodeLeafContent,
  encodeItemHeader,
  encodeLeafContent,
  itemHeaderHash,
  itemLeafHash,
} from '../../api/item.ts';
import { sealChunked } from '../../crypto/chunked.ts';
import { labels } from '../../crypto/labels.ts';
import { randomBytes } from '../../crypto/random.ts';
import { signingKeyFromSeed, signLabelled } from '../../crypto/signature.ts';
import { concatBytes, utf8 } from '../../primitives/bytes.ts';
import { encodeCbor } from '../../primitives/cbor.ts';
import { CodedError, isCoded } from '../../primitives/errors.ts';
import { accountIdOf, idBytes } from '../../primitives/ids.ts';
import { blobIdOf } from '../../storage/blob-id.ts';
import { doubleWrapOf, encodeDoubleWrap, lockOf } from './double.ts';
import {
  emptyLine,
  encodeHeadline,
  headlineHashOf,
  headlineOf,
} from './headline/headline-format.ts';
import { sealHeadline } from './headline/headline-seal.ts';
import { encodeItemHead, paddedLength } from './item-inside.ts';
import { type ItemToOpen, openItem, openItemHeadline, openItemStream } from './item-open.ts';
import {
  bodyContext,
  newRecordId,
  type SealedItem,
  sealItem,
  sealItemStream,
} from './item-seal.ts';
import { openingSecretOfHeader, type ReadingKey, wrapItem, writePairOf } from './item-wrap.ts';

const account = accountIdOf(new Uint8Array(32).fill(1));
const otherAccount = accountIdOf(new Uint8Array(32).fill(2));
const author = accountIdOf(new Uint8Array(32).fill(3));
const authorKey = await signingKeyFromSeed(new Uint8Array(32).fill(4));
const otherKey = await signingKeyFromSeed(new Uint8Array(32).fill(5));
const sek = randomBytes(32);
const writePair = await writePairOf(sek);
const segment = { kind: 'segment', epoch: 7, sek } as const;
const toWriteKey = { kind: 'write-key', epoch: 7, writeKey: writePair.publicKey } as const;
const bytes = utf8('{"resourceType":"Patient"}');

const describe = () => ({
  recordId: newRecordId(),
  account,
  author,
  recordClass: 'lab' as const,
  mediaType: 'application/fhir+json',
  name: 'Blood count',
  previous: undefined,
  writtenMs: 1_700_000_000_000,
});
const plainLine = encodeHeadline(headlineOf(emptyLine, describe()));
const sealed = await sealItem({ ...describe(), bytes }, authorKey, segment);

function toOpen(item: SealedItem, change: Partial<ItemToOpen> = {}): ItemToOpen {
  return {
    header: item.header,
    leafContent: item.leafContent,
    salt: item.salt,
    leaf: item.leaf,
    account,
    recordId: item.recordId,
    key: { kind: 'segment', sek },
    isKeyOfAuthor: (who, key) => who === author && key.join() === authorKey.publicKey.join(),
    ...change,
  };
}

/** The same item under a leaf that fits it: what a dishonest writer can anchor. */
function anchored(
  item: SealedItem,
  change: {
    header?: Uint8Array;
    body?: Uint8Array;
    recordClass?: 'lab' | 'other';
    paddedSize?: number;
  },
): SealedItem {
  const header = change.header ?? item.header;
  const body = change.body ?? item.body;
  const leafContent = encodeLeafContent({
    headerHash: itemHeaderHash(header),
    blobId: blobIdOf(body),
    recordClass: change.recordClass ?? item.recordClass,
    paddedSize: change.paddedSize ?? item.paddedBytes,
  });
  return { ...item, header, body, leafContent, leaf: itemLeafHash(item.salt, leafContent) };
}

async function* inPieces(whole: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return concatBytes(...all);
}

/** Both ways of opening must agree on the answer. */
async function codeOfOpening(item: ItemToOpen, body: Uint8Array): Promise<string> {
  const codeOf = async (open: () => Promise<unknown>) => {
    try {
      await open();
      return 'opened';
    } catch (error) {
      if (!isCoded(error)) throw error;
      return error.code;
    }
  };
  const whole = await codeOf(() => openItem(item, body));
  const streamed = await codeOf(async () =>
    collect((await openItemStream(item, inPieces(body, 5_000))).bytes),
  );
  // A stream fails at the first chunk that does not open, before its hash is known.
  if (whole === 'BLOB_CORRUPT') assert.match(streamed, /^(BLOB_CORRUPT|CANNOT_OPEN|ITEM_FORGED)$/);
  else assert.equal(streamed, whole);
  return whole;
}

test('an item opens with the segment key, the write pair or its opening secret', async () => {
  for (const wrapping of [segment, toWriteKey]) {
    const item = await sealItem({ ...describe(), bytes }, authorKey, wrapping);
    const secret = await openingSecretOfHeader(item.header, { kind: 'segment', sek });
    const keys: ReadingKey[] = [
      { kind: 'segment', sek },
      { kind: 'opening-secret', secret },
    ];
    if (wrapping.kind === 'write-key') keys.push({ kind: 'write-pair', pair: writePair });
    for (const key of keys) {
      const opened = await openItem(toOpen(item, { key }), item.body);
      assert.deepEqual(opened.bytes, bytes);
      assert.equal(opened.head.name, 'Blood count');
      assert.equal(opened.head.previous, undefined);
      assert.equal(opened.head.author, author);
    }
  }
});

test('a doubly encrypted item opens with both halves of its key, and with neither alone', async () => {
  const second = { half: randomBytes(32), lock: utf8('three servers') };
  for (const wrapping of [segment, toWriteKey]) {
    const item = await sealItem({ ...describe(), second, bytes }, authorKey, wrapping);
    assert.deepEqual(lockOf(item.header), second.lock);
    const secret = await openingSecretOfHeader(item.header, { kind: 'segment', sek });
    const first = { kind: 'opening-secret', secret } as const;
    const { half } = second;
    const codeWith = (key: ReadingKey) => codeOfOpening(toOpen(item, { key }), item.body);
    for (const key of [first, { kind: 'segment', sek } as const]) {
      assert.equal(await codeWith({ ...key, half }), 'opened');
      assert.equal(await codeWith(key), 'RECORD_DOUBLE');
      assert.equal(await codeWith({ ...key, half: randomBytes(32) }), 'CANNOT_OPEN');
      const refusal = new CodedError('NOT_SHARED');
      assert.equal(await codeWith({ ...key, half: refusal }), 'NOT_SHARED');
    }
    // Whoever has the second half alone does not learn that he has the right one.
    for (const half of [second.half, undefined])
      assert.equal(await codeWith({ kind: 'segment', sek: randomBytes(32), half }), 'CANNOT_OPEN');
    const line = { header: item.header, leafContent: item.leafContent, salt: item.salt };
    const row = { ...line, leaf: item.leaf, account, recordId: item.recordId };
    await assert.rejects(openItemHeadline({ ...row, key: first }), (error) =>
      isCoded(error, 'RECORD_DOUBLE'),
    );
  }
});

test('wrapped anew, a doubly encrypted item keeps its lock; a half under another lock opens nothing', async () => {
  const second = { half: randomBytes(32), lock: utf8('three servers') };
  const item = await sealItem({ ...describe(), second, bytes }, authorKey, segment);
  const again = { ...item, ...(await wrapItem(item, { ...toWriteKey, epoch: 9 })) };
  const key = { kind: 'segment', sek, half: second.half } as const;
  assert.equal(await codeOfOpening(toOpen(again, { key }), item.body), 'opened');
  assert.deepEqual(lockOf(again.header), second.lock);
  const header = decodeItemHeader(item.header);
  const wrap = { ...doubleWrapOf(header), lock: utf8('three others') };
  const moved = encodeItemHeader({ ...header, wrap: encodeDoubleWrap(wrap) });
  const plain = encodeItemHeader({ ...header, wrapKind: 1, wrap: doubleWrapOf(header).wrap });
  for (const other of [moved, plain]) {
    const changed = anchored(item, { header: other });
    assert.equal(await codeOfOpening(toOpen(changed, { key }), item.body), 'CANNOT_OPEN');
  }
  for (const wrap of [new Uint8Array(60), encodeCbor([3, header.wrap, utf8('x')])]) {
    const changed = anchored(item, { header: encodeItemHeader({ ...header, wrap }) });
    assert.equal(await codeOfOpening(toOpen(changed, { key }), item.body), 'CANNOT_OPEN');
  }
});

test('an opening secret opens its own item only', async () => {
  const other = await sealItem({ ...describe(), bytes }, authorKey, segment);
  const secret = await openingSecretOfHeader(other.header, { kind: 'segment', sek });
  const key = { kind: 'opening-secret', secret } as const;
  assert.equal(await codeOfOpening(toOpen(sealed, { key }), sealed.body), 'CANNOT_OPEN');
});

test('what stands outside the seal tells class, padded size and epoch, nothing else', () => {
  const leaf = decodeLeafContent(sealed.leafContent);
  assert.equal(leaf.paddedSize, 4096);
  assert.equal(leaf.recordClass, 'lab');
  assert.equal(decodeItemHeader(sealed.header).epoch, 7);
  const outside = concatBytes(sealed.header, sealed.leafContent, sealed.body);
  for (const secret of ['Blood count', 'Patient', 'fhir']) {
    assert.equal(new TextDecoder('latin1').decode(outside).includes(secret), false);
  }
});

const flipped = (whole: Uint8Array, at: number) => {
  const copy = whole.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};
const headerWithEpoch = (epoch: number) =>
  encodeItemHeader({ ...decodeItemHeader(sealed.header), epoch });
const headerOfOther = encodeItemHeader({
  ...decodeItemHeader(sealed.header),
  recordId: newRecordId(),
});
for (const [name, item, expected] of [
  ['as it is', toOpen(sealed), 'opened'],
  ['without naming the record', toOpen(sealed, { recordId: undefined }), 'opened'],
  ['with another salt', toOpen(sealed, { salt: randomBytes(32) }), 'PROOF_INVALID'],
  ['under another leaf', toOpen(sealed, { leaf: randomBytes(32) }), 'PROOF_INVALID'],
  [
    'with a changed header',
    toOpen(sealed, { header: flipped(sealed.header, 60) }),
    'ITEM_HEADER_CORRUPT',
  ],
  [
    'with another key',
    toOpen(sealed, { key: { kind: 'segment', sek: randomBytes(32) } }),
    'CANNOT_OPEN',
  ],
  [
    'with the pair of a write key',
    toOpen(sealed, { key: { kind: 'write-pair', pair: writePair } }),
    'CANNOT_OPEN',
  ],
  ['as another record', toOpen(sealed, { recordId: newRecordId() }), 'ITEM_FORGED'],
  ['in the chart of another', toOpen(sealed, { account: otherAccount }), 'ITEM_FORGED'],
  [
    'when the directory has another key',
    toOpen(sealed, { isKeyOfAuthor: () => false }),
    'ITEM_FORGED',
  ],
  ['anchored in another class', toOpen(anchored(sealed, { recordClass: 'other' })), 'ITEM_FORGED'],
  ['anchored with another size', toOpen(anchored(sealed, { paddedSize: 8192 })), 'ITEM_FORGED'],
  [
    'anchored in another epoch',
    toOpen(anchored(sealed, { header: headerWithEpoch(8) })),
    'CANNOT_OPEN',
  ],
  [
    'anchored again under a new record id',
    toOpen(anchored(sealed, { header: headerOfOther }), { recordId: undefined }),
    'CANNOT_OPEN',
  ],
] as const) {
  test(`an item ${name}: ${expected}`, async () => {
    assert.equal(await codeOfOpening(item, sealed.body), expected);
  });
}

test('a body that was changed or cut anywhere does not open', async () => {
  for (const at of [0, 30, 60, 2000, sealed.body.length - 1]) {
    assert.equal(await codeOfOpening(toOpen(sealed), flipped(sealed.body, at)), 'BLOB_CORRUPT');
  }
  const cut = sealed.body.subarray(0, sealed.body.length - 1);
  assert.equal(await codeOfOpening(toOpen(sealed), cut), 'BLOB_CORRUPT');
  const body = flipped(sealed.body, 2000);
  assert.equal(await codeOfOpening(toOpen(anchored(sealed, { body })), body), 'CANNOT_OPEN');
});

/** Seals an inside of the test's own making, as a dishonest author could. */
async function forge(
  inside: Uint8Array,
  recordId = newRecordId(),
  line = plainLine,
): Promise<[ItemToOpen, Uint8Array]> {
  const recordKey = randomBytes(32);
  const body = await sealChunked(recordKey, bodyContext(recordId), inside);
  const about = {
    recordId,
    recordClass: 'lab',
    recordKey,
    blobId: blobIdOf(body),
    paddedBytes: inside.length,
    headline: await sealHeadline({ recordId, recordKey }, line),
  } as const;
  const row = await wrapItem(about, segment);
  return [toOpen({ ...about, ...row, body }), body];
}

async function inside(
  change: { head?: object; signer?: typeof authorKey; padding?: number; tail?: number },
  recordId = newRecordId(),
): Promise<[Uint8Array, typeof recordId]> {
  const head = encodeItemHead({
    ...describe(),
    recordId,
    authorKey: authorKey.publicKey,
    byteLength: bytes.length,
    ordinaryClass: 'lab',
    headlineHash: headlineHashOf(plainLine),
    ...change.head,
  });
  const signed = concatBytes(head, bytes);
  const signature = await signLabelled(change.signer ?? authorKey, labels.recordSign, signed);
  const end = signed.length + signature.length;
  const padding = new Uint8Array((change.padding ?? paddedLength(end)) - end);
  padding.fill(change.tail ?? 0);
  return [concatBytes(signed, signature, padding), recordId];
}

for (const [name, change, expected] of [
  ['as every honest one', {}, 'opened'],
  ['with another record id inside', { head: { recordId: newRecordId() } }, 'ITEM_FORGED'],
  ['with another chart inside', { head: { account: otherAccount } }, 'ITEM_FORGED'],
  ['with another class inside', { head: { recordClass: 'note' } }, 'ITEM_FORGED'],
  ['with another ordinary class inside', { head: { ordinaryClass: 'note' } }, 'ITEM_FORGED'],
  ['with `private` as what it is', { head: { ordinaryClass: 'private' } }, 'ITEM_FORGED'],
  [
    'with another headline’s hash inside',
    { head: { headlineHash: randomBytes(32) } },
    'ITEM_FORGED',
  ],
  ['with another author inside', { head: { author: otherAccount } }, 'ITEM_FORGED'],
  ['with another key inside', { head: { authorKey: otherKey.publicKey } }, 'ITEM_FORGED'],
  ['signed by another', { signer: otherKey }, 'ITEM_FORGED'],
  ['with a wrong length inside', { head: { byteLength: bytes.length - 1 } }, 'ITEM_FORGED'],
  [
    'with an absurd length inside',
    { head: { byteLength: Number.MAX_SAFE_INTEGER - 9 } },
    'ITEM_FORGED',
  ],
  ['with padding that is not zero', { tail: 1 }, 'ITEM_FORGED'],
  ['with more padding than its length has', { padding: 8192 }, 'ITEM_FORGED'],
] as const) {
  test(`an item made ${name}: ${expected}`, async () => {
    const [plain, recordId] = await inside(change);
    const [item, body] = await forge(plain, recordId);
    assert.equal(await codeOfOpening(item, body), expected);
  });
}

for (const [name, plain] of [
  ['nothing', new Uint8Array(0)],
  ['zeros', new Uint8Array(4096)],
  ['a head length beyond its end', Uint8Array.of(0, 0, 16, 0, 1)],
  ['a head length beyond all heads', Uint8Array.of(255, 255, 255, 255, 1)],
  [
    'a head that is no CBOR',
    concatBytes(Uint8Array.of(0, 0, 0, 2, 255, 255), new Uint8Array(4090)),
  ],
  [
    'a head of too few fields',
    concatBytes(Uint8Array.of(0, 0, 0, 1), encodeCbor([]), new Uint8Array(4091)),
  ],
] as const) {
  test(`a seal around ${name} is ITEM_FORGED`, async () => {
    const [item, body] = await forge(plain);
    assert.equal(await codeOfOpening(item, body), 'ITEM_FORGED');
  });
}

test('an item wrapped anew for another epoch keeps its body', async () => {
  const next = { kind: 'segment', epoch: 8, sek: randomBytes(32) } as const;
  const row = await wrapItem(sealed, next);
  assert.equal(decodeItemHeader(row.header).epoch, 8);
  const item = { ...sealed, ...row };
  const opened = await openItem(toOpen(item, { key: next }), sealed.body);
  assert.deepEqual(opened.bytes, bytes);
  assert.notDeepEqual(row.salt, sealed.salt);
});

test('sealing in a stream gives what sealing as a whole gives', async () => {
  for (const length of [0, 1, 4096, 16_384, 300_000, 3 * 1024 * 1024]) {
    const content = randomBytes(Math.min(length, 65_536));
    const whole = new Uint8Array(length).map((_, i) => content[i % 65_536] ?? 0);
    const description = describe();
    const stream = sealItemStream(
      { ...description, bytes: inPieces(whole, 70_001), byteLength: length },
      authorKey,
    );
    assert.throws(stream.finish, (error) => isCoded(error, 'INTERNAL'));
    const body = await collect(stream.body);
    const about = stream.finish();
    const item = { ...about, ...(await wrapItem(about, toWriteKey)), body };
    const opened = await openItem(toOpen(item), body);
    assert.deepEqual(opened.bytes, whole);
    const again = await openItemStream(toOpen(item), inPieces(body, 40_000));
    assert.deepEqual(again.head, opened.head);
    assert.deepEqual(await collect(again.bytes), whole);
  }
});

test('a file that changes while it is sealed is refused', async () => {
  for (const byteLength of [bytes.length - 1, bytes.length + 1]) {
    const stream = sealItemStream(
      { ...describe(), bytes: inPieces(bytes, 9), byteLength },
      authorKey,
    );
    await assert.rejects(
      () => collect(stream.body),
      (error) => isCoded(error, 'FILE_UNREADABLE'),
    );
  }
});

test('a name or media type that no reader would take is not sealed', async () => {
  for (const change of [{ name: 'x'.repeat(1025) }, { mediaType: 'x'.repeat(1025) }]) {
    await assert.rejects(
      () => sealItem({ ...describe(), ...change, bytes }, authorKey, segment),
      (error) => isCoded(error, 'CBOR_SHAPE'),
    );
  }
});

for (const [length, padded] of [
  [0, 4096],
  [4096, 4096],
  [4097, 4352],
  [5000, 5120],
  [9000, 9216],
  [65_536, 65_536],
  [65_537, 67_584],
  [1_000_000, 1_015_808],
  [2 ** 34, 2 ** 34],
  [2 ** 34 + 1, 2 ** 34 + 2 ** 28],
] as const) {
  test(`${length} bytes are padded to ${padded}`, () => assert.equal(paddedLength(length), padded));
}

test('padding never shrinks, is stable, costs 12 % at most and leaves few lengths', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (length) => {
      const padded = paddedLength(length);
      assert.ok(padded >= length && padded >= 4096);
      assert.equal(paddedLength(padded), padded);
      assert.ok(length < 4096 || padded <= length * 1.12);
    }),
  );
  const lengths = new Set(Array.from({ length: 5_000 }, (_, i) => paddedLength(i * 200)));
  assert.ok(lengths.size < 200, `${lengths.size} lengths up to 1 MB`);
});

test('any item comes back as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 6_000 }),
      fc.string({ unit: anyCharacter, maxLength: 100 }),
      fc.boolean(),
      async (content, name, byOther) => {
        const previous = newRecordId();
        const item = await sealItem(
          { ...describe(), name, previous, bytes: content },
          authorKey,
          byOther ? toWriteKey : segment,
        );
        const opened = await openItem(toOpen(item), item.body);
        assert.deepEqual(opened.bytes, content);
        assert.equal(opened.head.name, name);
        assert.equal(opened.head.previous, previous);
        assert.equal(idBytes(opened.head.recordId).length, 16);
      },
    ),
    { numRuns: 30 },
  );
});

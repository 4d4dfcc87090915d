import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../../test/any-character.ts';
import { encodeLeafContent, itemHeaderHash, itemLeafHash } from '../../../api/item.ts';
import { randomBytes } from '../../../crypto/random.ts';
import { signingKeyFromSeed } from '../../../crypto/signature.ts';
import { equalBytes, utf8 } from '../../../primitives/bytes.ts';
import { CodedError } from '../../../primitives/errors.ts';
import { accountIdOf, consentIdOf, recordIdOf } from '../../../primitives/ids.ts';
import { type ItemToOpen, openItem, openItemHeadline } from '../item-open.ts';
import { newRecordId, type SealedItem, sealItem } from '../item-seal.ts';
import { wrapItem } from '../item-wrap.ts';
import { headlineMarks } from './headline.ts';
import {
  cutHeadline,
  decodeHeadline,
  emptyLine,
  encodeHeadline,
  equalHeadlines,
  headlineOf,
  headlinePlainBytes,
  type LineOfBytes,
} from './headline-format.ts';
import { openHeadline, sealHeadline } from './headline-seal.ts';

const account = accountIdOf(new Uint8Array(32).fill(1));
const author = accountIdOf(new Uint8Array(32).fill(3));
const key = await signingKeyFromSeed(new Uint8Array(32).fill(4));
const consent = consentIdOf(new Uint8Array(16).fill(9));
const sek = randomBytes(32);
const segment = { kind: 'segment', epoch: 7, sek } as const;
const penicillin = utf8(
  '{"resourceType":"AllergyIntolerance","code":{"text":"Penicillin"},"recordedDate":"2019"}',
);
const about = {
  ...{ account, author, recordClass: 'summary' as const, name: 'no allergy', previous: undefined },
  ...{ mediaType: 'application/fhir+json', writtenMs: 1_700_000_000_000, bytes: penicillin },
};
const toOpen = (item: SealedItem): ItemToOpen => ({
  ...item,
  account,
  anchoredUnder: consent,
  key: segment,
  isKeyOfAuthor: () => true,
});

test('a line of any texts has 256 bytes, comes back as it was cut, and is cut once', () => {
  const text = (maxLength: number) => fc.string({ unit: anyCharacter, maxLength });
  fc.assert(
    fc.property(
      fc.record({
        ...{ version: fc.constant(1), type: text(50), code: text(60), name: text(300) },
        ...{ clinicalDate: text(40), value: text(60), unit: text(40), flag: text(20) },
        ...{ marks: fc.subarray([...headlineMarks]), nameIsFromOutside: fc.boolean() },
      }),
      fc.constantFrom('lab' as const, 'private' as const),
      (line, recordClass) => {
        const headline = headlineOf(line, { name: line.name, recordClass });
        const plain = encodeHeadline(headline);
        assert.equal(plain.length, headlinePlainBytes);
        assert.deepEqual(decodeHeadline(plain), headline);
        assert.deepEqual(cutHeadline(headline), headline);
      },
    ),
  );
});

test('two lines are the same exactly when their plaintexts are', () => {
  const few = fc.constantFrom(
    '',
    'a',
    'b',
    'é',
    '\ud800',
    '\ufffd',
    'x'.repeat(80),
    'x'.repeat(300),
  );
  const line = fc.record({
    ...{ version: fc.constantFrom(1, 2), type: few, code: few, name: few, clinicalDate: few },
    ...{ value: few, unit: few, flag: few, nameIsFromOutside: fc.boolean() },
    marks: fc.subarray(headlineMarks.slice(0, 2)),
  });
  const headline = fc
    .tuple(line, fc.constantFrom('lab' as const, 'private' as const))
    .map(([it, recordClass]) => headlineOf(it, { name: it.name, recordClass }));
  const twice = fc.oneof(
    fc.tuple(headline, headline),
    headline.chain((it) =>
      fc.record({ name: few, unit: few }).map((other) => [it, cutHeadline({ ...it, ...other })]),
    ),
    headline.map((it) => [it, decodeHeadline(encodeHeadline(it))]),
  );
  fc.assert(
    fc.property(twice, ([a, b]) => {
      if (a === undefined || b === undefined) return;
      assert.equal(equalHeadlines(a, b), equalBytes(encodeHeadline(a), encodeHeadline(b)));
    }),
  );
});

test('a cut value is no number, and the name keeps 80 bytes whatever stands beside it', () => {
  const full = 'x'.repeat(400);
  const line: LineOfBytes = {
    ...{ ...emptyLine, type: full, code: full, name: full, clinicalDate: full },
    ...{ value: '3'.repeat(60), unit: full, flag: full, marks: [...headlineMarks] },
    nameIsFromOutside: false,
  };
  const { value, name } = headlineOf(line, { name: '', recordClass: 'private' });
  assert.equal(value, `${'3'.repeat(29)}…`);
  assert.ok(utf8(name).length >= 77, name);
});

test('nothing but its own plaintext comes out of a headline, and only under its record and key', async () => {
  const own = { recordId: newRecordId(), recordKey: randomBytes(32) };
  const plain = encodeHeadline(headlineOf(emptyLine, { name: 'a', recordClass: 'note' }));
  const sealed = await sealHeadline(own, plain);
  assert.equal(sealed.length, 316);
  assert.deepEqual(await openHeadline(own, sealed), plain);
  const flipped = (at: number) => sealed.map((byte, i) => (i === at ? byte ^ 1 : byte));
  for (const [other, bytes] of [
    [{ ...own, recordKey: randomBytes(32) }, sealed],
    [{ ...own, recordId: recordIdOf(new Uint8Array(16)) }, sealed],
    [own, sealed.subarray(1)],
    ...[0, 31, 32, 50, 315].map((at) => [own, flipped(at)] as const),
  ] as const) {
    await assert.rejects(() => openHeadline(other, bytes), { code: 'CANNOT_OPEN' });
  }
});

for (const [what, change] of [
  ['longer than it is', (plain: Uint8Array) => plain.fill(255, 0, 1)],
  ['with something in its zeros', (plain: Uint8Array) => plain.fill(1, 255)],
  ['of 255 bytes', (plain: Uint8Array) => plain.subarray(0, 255)],
  ['of nothing', (plain: Uint8Array) => plain.fill(0)],
] as const) {
  test(`a headline ${what} is none: HEADLINE_WRONG`, () => {
    const plain = encodeHeadline(headlineOf(emptyLine, { name: 'a', recordClass: 'note' }));
    assert.throws(() => decodeHeadline(change(plain)), { code: 'HEADLINE_WRONG' });
  });
}

test('a row alone gives what the record is, without its body', async () => {
  const item = await sealItem({ ...about, recordId: newRecordId() }, key, segment);
  const { name, clinicalDate, type, fromOutside } = await openItemHeadline(toOpen(item));
  assert.deepEqual(
    { name, clinicalDate, type, fromOutside },
    {
      ...{ name: 'Penicillin', clinicalDate: '2019', type: 'AllergyIntolerance' },
      fromOutside: { name: false, restricted: false },
    },
  );
  const opened = await openItem(toOpen(item), item.body);
  assert.deepEqual(opened.problems, []);
});

test('a private item says inside what it is besides, and its line that it is restricted', async () => {
  const described = { ...about, recordClass: 'private', ordinaryClass: 'summary' } as const;
  const item = await sealItem({ ...described, recordId: newRecordId() }, key, segment);
  const { head, headline, problems } = await openItem(toOpen(item), item.body);
  assert.equal(head.ordinaryClass, 'summary');
  assert.deepEqual(headline.marks, ['restricted']);
  assert.deepEqual(problems, []);
});

test('an author whose line says something else than his body is told: HEADLINE_WRONG', async () => {
  for (const line of [
    { ...emptyLine, type: 'AllergyIntolerance', name: 'no allergy', nameIsFromOutside: false },
    { ...emptyLine, version: 2 },
    emptyLine,
  ]) {
    const item = await sealItem({ ...about, line, recordId: newRecordId() }, key, segment);
    const { bytes, problems } = await openItem(toOpen(item), item.body);
    assert.deepEqual(bytes, penicillin);
    assert.deepEqual(problems, ['HEADLINE_WRONG']);
  }
});

test('a genuine body under another line is his doing who anchored it: ITEM_FORGED names the grant', async () => {
  const item = await sealItem({ ...about, recordId: newRecordId() }, key, segment);
  const plain = encodeHeadline(headlineOf(emptyLine, about));
  const headline = await sealHeadline(item, plain);
  const row = await wrapItem({ ...item, headline }, segment);
  const leafContent = encodeLeafContent({
    ...{ headerHash: itemHeaderHash(row.header), blobId: item.blobId },
    ...{ recordClass: item.recordClass, paddedSize: item.paddedBytes },
  });
  const leaf = itemLeafHash(row.salt, leafContent);
  await assert.rejects(
    () => openItem(toOpen({ ...item, ...row, leafContent, leaf }), item.body),
    (error) => {
      assert.ok(error instanceof CodedError);
      assert.deepEqual([error.code, error.details.anchoredUnder], ['ITEM_FORGED', consent]);
      return true;
    },
  );
});

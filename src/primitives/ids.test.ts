import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isCoded } from './errors.ts';
import {
  accountIdOf,
  consentIdOf,
  headerHashOf,
  idBytes,
  parseAccountId,
  parseBlobId,
  parseConsentId,
  parseHeaderHash,
  parseRecordId,
  parseTxId,
  recordIdOf,
  txIdOf,
} from './ids.ts';

const isFormat = (error: unknown): boolean => isCoded(error, 'ID_FORMAT');

for (const [name, length, parse, of] of [
  ['account', 32, parseAccountId, accountIdOf],
  ['consent', 16, parseConsentId, consentIdOf],
  ['record', 16, parseRecordId, recordIdOf],
  ['transaction', 32, parseTxId, txIdOf],
  ['header', 32, parseHeaderHash, headerHashOf],
] as const) {
  test(`the id of a ${name} is ${length} bytes as lower-case hex, and gives them back`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: length, maxLength: length }), (bytes) => {
        const id = of(bytes);
        assert.deepEqual(idBytes(id), bytes);
        assert.equal(parse(`${id}`), id);
      }),
    );
  });

  const valid = 'ab'.repeat(length);
  for (const wrong of [
    '',
    valid.slice(2),
    `${valid}ab`,
    valid.toUpperCase(),
    `${valid.slice(1)}g`,
    ` ${valid.slice(1)}`,
    `${valid}\n`,
    undefined,
    null,
    7,
    [valid],
  ]) {
    test(`not the id of a ${name}: ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => parse(wrong), isFormat);
    });
  }

  test(`bytes of another length are not the id of a ${name}`, () => {
    assert.throws(() => of(new Uint8Array(length - 1)), isFormat);
  });
}

const raw = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
const dagPb = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi';

test('a blob id is a CIDv1 in base32, raw or dag-pb, of SHA-256', () => {
  assert.equal(parseBlobId(raw), raw);
  assert.equal(parseBlobId(dagPb), dagPb);
});

for (const wrong of [
  '',
  raw.slice(0, -1),
  `${raw}a`,
  raw.toUpperCase(),
  `${raw.slice(0, -1)}b`, // left-over bits that are not zero: another text for the same bytes
  `b${'a'.repeat(58)}`,
  'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG',
  `${raw}\n`,
  7,
]) {
  test(`not a blob id: ${JSON.stringify(wrong)}`, () => {
    assert.throws(() => parseBlobId(wrong), isFormat);
  });
}

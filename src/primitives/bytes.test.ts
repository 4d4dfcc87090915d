import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../test/any-character.ts';
import {
  base64urlToBytes,
  bytesToBase64url,
  bytesToHex,
  compareBytes,
  concatBytes,
  equalBytes,
  equalSecretBytes,
  hexToBytes,
  utf8,
  utf8ToText,
} from './bytes.ts';

const bytes = () => fc.uint8Array({ maxLength: 100 });

test('hex, base64url and UTF-8 give back what they were made of', () => {
  fc.assert(
    fc.property(bytes(), fc.string({ unit: anyCharacter }), (value, text) => {
      assert.deepEqual(hexToBytes(bytesToHex(value)), value);
      assert.deepEqual(base64urlToBytes(bytesToBase64url(value)), value);
      assert.equal(bytesToBase64url(value), Buffer.from(value).toString('base64url'));
      assert.equal(utf8ToText(utf8(text)), text);
    }),
  );
});

for (const text of ['0', 'AB', '0g', ' 00', '00\n', '０0']) {
  test(`hex refuses ${JSON.stringify(text)}`, () => assert.equal(hexToBytes(text), undefined));
}

for (const [text, why] of [
  ['A', 'one character holds no byte'],
  ['AB', 'bits are left over'],
  ['AA==', 'padding'],
  ['A+', 'the other alphabet'],
  ['AAA\n', 'a line end'],
] as const) {
  test(`base64url refuses ${JSON.stringify(text)}: ${why}`, () => {
    assert.equal(base64urlToBytes(text), undefined);
  });
}

test('bytes that are not UTF-8 are not text', () => {
  for (const wrong of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
    assert.throws(() => utf8ToText(Uint8Array.from(wrong)), TypeError);
  }
});

test('a byte order mark is kept, so that bytes survive', () => {
  assert.deepEqual(utf8(utf8ToText(Uint8Array.of(0xef, 0xbb, 0xbf))), Uint8Array.of(239, 187, 191));
});

test('order and equality are those of Buffer', () => {
  fc.assert(
    fc.property(bytes(), bytes(), (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b));
      assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0);
      assert.equal(equalSecretBytes(a, b), Buffer.compare(a, b) === 0);
      assert.ok(equalBytes(a, a.slice()) && equalSecretBytes(a, a.slice()));
      assert.deepEqual(concatBytes(a, b), new Uint8Array(Buffer.concat([a, b])));
    }),
  );
});

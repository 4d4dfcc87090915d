import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { equalBytes } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { codeCheckOf, formatCode, parseCode } from './code.ts';

const codes = fc.uint8Array({ minLength: 20, maxLength: 20 });
const isWrong = (error: unknown): boolean => isCoded(error, 'RECOVERY_CODE_WRONG');

test('A code is nine groups of four and reads back', () => {
  fc.assert(
    fc.property(codes, (code) => {
      const printed = formatCode(code);
      assert.match(printed, /^([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]{4}$/);
      assert.deepEqual(parseCode(printed), code);
    }),
  );
});

test('A code reads back in lower case, ungrouped, and with letters for the digits they look like', () => {
  const code = new Uint8Array(20).fill(0x04);
  const printed = formatCode(code);
  assert.deepEqual(parseCode(printed.toLowerCase()), code);
  assert.deepEqual(parseCode(` ${printed.replaceAll('-', '')}\n`), code);
  assert.deepEqual(parseCode(printed.replaceAll('0', 'O').replaceAll('1', 'l')), code);
});

test('A wallet knows its code again by 32 bytes, which are another for every other code', () => {
  fc.assert(
    fc.property(codes, codes, (code, other) => {
      const check = codeCheckOf(code);
      assert.equal(check.length, 32);
      assert.equal(equalBytes(codeCheckOf(other), check), equalBytes(other, code));
      assert.deepEqual(codeCheckOf(parseCode(formatCode(code))), check);
    }),
  );
});

test('A slip of one character is found', () => {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  fc.assert(
    fc.property(codes, fc.nat(35), fc.nat(30), (code, place, step) => {
      const printed = formatCode(code).replaceAll('-', '');
      const old = alphabet.indexOf(printed.charAt(place));
      const changed = alphabet.charAt((old + 1 + step) % 32);
      const typed = printed.slice(0, place) + changed + printed.slice(place + 1);
      assert.throws(() => parseCode(typed), isWrong);
    }),
  );
});

for (const typed of ['', 'hello', `${'0'.repeat(35)}U`, '0'.repeat(37), '😀'.repeat(18)]) {
  test(`Not a code: ${JSON.stringify(typed)}`, () => {
    assert.throws(() => parseCode(typed), isWrong);
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromTypedCode, toTypedCode, typedGroups, typedLetters } from './typed-code.ts';

test('bytes are read again from what is shown of them, in groups of four, however it is typed', () => {
  const bytes = fc
    .integer({ min: 1, max: 6 })
    .chain((fives) => fc.uint8Array({ minLength: fives * 5, maxLength: fives * 5 }));
  fc.assert(
    fc.property(bytes, (code) => {
      const shown = typedGroups(toTypedCode(code));
      assert.match(shown, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4})*$/);
      for (const typed of [shown, shown.toLowerCase(), `\u200e ${shown.replaceAll('-', '')}`]) {
        assert.deepEqual(fromTypedCode(typedLetters(typed)), code);
      }
    }),
  );
});

test('another character is none, and O, I and L are read as the digits that they look like', () => {
  assert.equal(fromTypedCode('0000000U'), undefined);
  assert.equal(fromTypedCode('0000000*'), undefined);
  assert.equal(typedLetters('oO-iIlL'), '001111');
});

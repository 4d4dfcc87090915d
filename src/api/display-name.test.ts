import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../test/any-character.ts';
import { displayName, isDisplayName, isLicence, nameKey } from './display-name.ts';

for (const name of [
  'Ana',
  "Sinéad O'Neill",
  '李小龍',
  'محمد',
  'Scale 3',
  "'t Hooft",
  'Dr. Zoë-Mæ',
  '9',
]) {
  test(`${name} is a name`, () => {
    assert.ok(isDisplayName(name));
    assert.equal(displayName(name), name);
  });
}

for (const [what, name] of [
  ['nothing', ''],
  ['a space before', ' Ana'],
  ['a space after', 'Ana '],
  ['two spaces', 'Ana  Lopez'],
  ['a no-break space', 'Ana\u00a0Lopez'],
  ['not NFC', 'Zoe\u0308'],
  ['an escape', 'Ana\u001b[2J'],
  ['a line end', 'Ana\nLopez'],
  ['a C1 control', 'Ana\u009b2J'],
  ['a bidi override', 'Ana\u202eLopez'],
  ['an isolate that ends another', 'Ana\u2069'],
  ['a zero width space', 'Ana\u200b'],
  ['a tag character', 'Ana\u{e0041}'],
  ['a line separator', 'Ana\u2028Lopez'],
  ['half a character', 'Ana\ud800'],
  ['a private character', 'Ana\ue000'],
  ['a filler that is not seen', 'Ana\u3164'],
  ['a variation selector', 'Ana\ufe0f'],
  ['no letter', '...'],
  ['a mark without what it marks', '\u0301Ana'],
  ['more than 200', 'a'.repeat(201)],
] as const) {
  test(`${what}: no name`, () => {
    assert.ok(!isDisplayName(name));
  });
}

test('of all characters, no name holds one that is a control, a format, a separator or cannot be seen', () => {
  for (let point = 0; point <= 0x10ffff; point++) {
    const character = String.fromCodePoint(point);
    const isHostile = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character);
    if (isHostile) assert.ok(!isDisplayName(`a${character}b`), point.toString(16));
  }
});

test('what was typed becomes a name or NAME_INVALID, and a name stays what it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 12 }), (typed) => {
      let name: string;
      try {
        name = displayName(typed);
      } catch (error) {
        assert.equal(Object(error).code, 'NAME_INVALID');
        return;
      }
      assert.ok(isDisplayName(name));
      assert.equal(displayName(name), name);
    }),
  );
  assert.equal(displayName('  Zoe\u0308 \t  Lopez\u00a0'), 'Zoë Lopez');
});

test('a licence is written like a name, or is empty', () => {
  assert.ok(
    isLicence('') &&
      isLicence('GMC 1234567') &&
      !isLicence('GMC\u202e') &&
      !isLicence('a'.repeat(101)),
  );
});

test('two names are one without case and after compatibility forms; other letters are another name', () => {
  assert.equal(nameKey('DR ABENA OSEI'), nameKey('Dr Abena Osei'));
  assert.equal(nameKey('Ｄr Osei'), nameKey('Dr Osei'));
  assert.notEqual(nameKey('Dr Оsei'), nameKey('Dr Osei'), 'a Cyrillic letter');
});

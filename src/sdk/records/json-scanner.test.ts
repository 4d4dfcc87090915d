import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../../test/any-character.ts';
import { utf8, utf8ToText } from '../../primitives/bytes.ts';
import { isCoded } from '../../primitives/errors.ts';
import { JsonScanner, jsonLimits, token } from './json-scanner.ts';

function scanAll(bytes: Uint8Array): { kind: number; text: string }[] {
  const scanner = new JsonScanner(bytes);
  const tokens: { kind: number; text: string }[] = [];
  for (let kind = scanner.next(); kind !== token.end; kind = scanner.next()) {
    const text = utf8ToText(bytes.subarray(scanner.start, scanner.end));
    tokens.push({ kind, text: kind === token.key ? scanner.keyText() : text });
  }
  return tokens;
}

function codeOf(bytes: Uint8Array): string {
  try {
    scanAll(bytes);
    return 'accepted';
  } catch (error) {
    if (!isCoded(error)) throw error;
    return error.code;
  }
}

const openAll = '['.repeat(128);
const closeAll = ']'.repeat(128);
for (const [name, text, expected] of [
  ['an empty object', '{}', 'accepted'],
  ['blanks of all four kinds', ' \t\r\n{ "a" : [ 1 , 2 ] } \n', 'accepted'],
  ['a lone number', '-0.0e+10', 'accepted'],
  ['all escapes', '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00"', 'accepted'],
  ['nothing', '', 'JSON_INVALID'],
  ['blanks only', '  ', 'JSON_INVALID'],
  ['two values', '1 2', 'JSON_INVALID'],
  ['a trailing comma in an array', '[1,]', 'JSON_INVALID'],
  ['a trailing comma in an object', '{"a":1,}', 'JSON_INVALID'],
  ['a missing comma', '[1 2]', 'JSON_INVALID'],
  ['a missing colon', '{"a" 1}', 'JSON_INVALID'],
  ['a leading comma', '[,1]', 'JSON_INVALID'],
  ['the wrong bracket', '[1}', 'JSON_INVALID'],
  ['a bracket too many', '[]]', 'JSON_INVALID'],
  ['a comment', '/* a */ 1', 'JSON_INVALID'],
  ['a name without quotes', '{a:1}', 'JSON_INVALID'],
  ['single quotes', "{'a':1}", 'JSON_INVALID'],
  ['a leading zero', '01', 'JSON_INVALID'],
  ['a leading plus', '+1', 'JSON_INVALID'],
  ['a bare fraction', '.5', 'JSON_INVALID'],
  ['a bare point', '1.', 'JSON_INVALID'],
  ['a bare exponent', '1e', 'JSON_INVALID'],
  ['NaN', 'NaN', 'JSON_INVALID'],
  ['half a literal', 'tru', 'JSON_INVALID'],
  ['a literal that goes on', 'truex', 'JSON_INVALID'],
  ['a line feed in a string', '"a\nb"', 'JSON_INVALID'],
  ['an unknown escape', '"\\x"', 'JSON_INVALID'],
  ['a lone high surrogate', '"\\ud83d"', 'accepted'],
  ['a lone low surrogate', '"\\ude00"', 'accepted'],
  ['a high surrogate before a letter', '"\\ud83d\\u0041"', 'accepted'],
  ['an unfinished string', '"abc', 'JSON_INVALID'],
  ['a name twice', '{"a":1,"a":2}', 'JSON_DUPLICATE_KEY'],
  ['a name twice, once escaped', '{"a":1,"\\u0061":2}', 'JSON_DUPLICATE_KEY'],
  ['a name twice, first escaped', '{"\\u0061":1,"a":2}', 'JSON_DUPLICATE_KEY'],
  ['a name again one level down', '{"a":{"a":1},"b":{"a":1}}', 'accepted'],
  ['128 levels', `${openAll}${closeAll}`, 'accepted'],
  ['129 levels', `${openAll}[]${closeAll}`, 'BUNDLE_TOO_DEEP'],
  ['a million opening brackets', '['.repeat(1_000_000), 'BUNDLE_TOO_DEEP'],
  ['a million opening objects', '{"a":'.repeat(1_000_000), 'BUNDLE_TOO_DEEP'],
] as const) {
  test(`JSON with ${name}: ${expected}`, () => {
    assert.equal(codeOf(utf8(text)), expected);
  });
}

for (const [name, bytes] of [
  ['a stray continuation byte', [0x80]],
  ['an overlong slash', [0xc0, 0xaf]],
  ['an overlong form of three bytes', [0xe0, 0x80, 0xaf]],
  ['an encoded surrogate', [0xed, 0xa0, 0x80]],
  ['a character above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a byte that UTF-8 never has', [0xff]],
  ['a cut character', [0xe2, 0x82]],
] as const) {
  test(`a string with ${name} is not JSON`, () => {
    assert.equal(codeOf(Uint8Array.of(0x22, ...bytes, 0x22)), 'JSON_INVALID');
  });
}

test('many fields are compared as text, and too many refused', () => {
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `"f${i}":${i}`);
  const wrap = (parts: string[]) => utf8(`{${parts.join(',')}}`);
  assert.equal(codeOf(wrap(fields(100))), 'accepted');
  assert.equal(codeOf(wrap([...fields(100), '"f7":0'])), 'JSON_DUPLICATE_KEY');
  assert.equal(codeOf(wrap(fields(jsonLimits.maxFields))), 'accepted');
  assert.equal(codeOf(wrap(fields(jsonLimits.maxFields + 1))), 'RESOURCE_INVALID');
});

test('the place of an error is named by offset, line and column in characters', () => {
  assert.throws(
    () => scanAll(utf8('{\n  "é": 1,\n  "ü" 2\n}')),
    (error) => {
      assert.ok(isCoded(error, 'JSON_INVALID'));
      assert.deepEqual(error.details, { offset: 20, line: 3, column: 7 });
      return true;
    },
  );
});

test('tokens name their exact bytes, numbers as they are spelled', () => {
  assert.deepEqual(
    scanAll(utf8('{"v":[1.10,-0,1E5,true],"é\\n":"\\u00e9"}')).map((found) => found.text),
    ['{', 'v', '[', '1.10', '-0', '1E5', 'true', ']', 'é\n', '"\\u00e9"', '}'],
  );
});

const blank = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
/** The same value with random blanks, escapes of letters and spellings of numbers. */
const spelled = fc
  .tuple(
    fc.jsonValue({ maxDepth: 5, stringUnit: anyCharacter }),
    fc.infiniteStream(fc.tuple(blank, fc.boolean())),
  )
  .map(([value, choices]) => {
    const next = (): [string, boolean] => choices.next().value ?? ['', false];
    const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    const spellText = (text: string): string =>
      next()[1] ? `"${text.split('').map(escaped).join('')}"` : JSON.stringify(text);
    const spell = (part: unknown): string => {
      const [space] = next();
      if (Array.isArray(part)) return `[${space}${part.map(spell).join(`${space},`)}]${space}`;
      if (typeof part === 'object' && part !== null) {
        const fields = Object.entries(part).map(
          ([key, field]) => `${space}${spellText(key)}${space}:${spell(field)}`,
        );
        return `{${fields.join(',')}${space}}`;
      }
      if (typeof part === 'string') return spellText(part);
      if (typeof part === 'number' && next()[1]) return `${space}${part.toExponential()}`;
      return JSON.stringify(part) + space;
    };
    return spell(value);
  });

test('any JSON is accepted, and the bytes of each value parse to the same value', () => {
  fc.assert(
    fc.property(spelled, (text) => {
      const bytes = utf8(`[${text},${text}]`);
      const scanner = new JsonScanner(bytes);
      scanner.next();
      const [start, end] = scanner.skipValue();
      assert.deepEqual(JSON.parse(utf8ToText(bytes.subarray(start, end))), JSON.parse(text));
      const second = scanner.skipValue();
      assert.equal(second[1] - second[0], end - start);
      assert.equal(scanner.next(), token.arrayClose);
      assert.equal(scanner.next(), token.end);
    }),
  );
});

test('any bytes are either what JSON.parse accepts too, or refused with a code', () => {
  fc.assert(
    fc.property(spelled, fc.nat(), fc.nat(255), (text, at, byte) => {
      const bytes = utf8(text);
      bytes[at % bytes.length] = byte;
      if (codeOf(bytes) === 'accepted') JSON.parse(utf8ToText(bytes));
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => codeOf(bytes) !== ''));
});

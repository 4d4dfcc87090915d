import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../../test/any-character.ts';
import { harmlessJson, harmlessText, named, printable, widthOf } from './harmless.ts';

/** Every control, format, surrogate and separator character there is. */
const hostile: readonly string[] = Array.from({ length: 0x110000 }, (_, point) =>
  String.fromCodePoint(point),
).filter((it) => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(it));
const [isolate, isolateEnd] = ['\u2068', '\u2069'];

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom(...hostile), anyCharacter),
  maxLength: 40,
});

test('there are the characters that this is about', () => {
  assert.ok(hostile.length > 2_000);
  for (const it of ['\u001b', '\u0007', '\u009b', '\u202e', '\u200b', '\u2066', '\u{e0041}']) {
    assert.ok(hostile.includes(it));
  }
});

test('of all such characters the line feed alone passes, in whole text and in words', () => {
  for (const it of hostile) {
    assert.equal(
      harmlessText(`a${it}b`).replaceAll(isolateEnd, ''),
      it === '\n' ? 'a\nb' : it === isolate ? `a${it}b` : 'a b',
    );
    assert.equal(printable(`a${it}b`), 'a b');
  }
});

test('whole text has no such character but line feeds, and isolates in pairs on one line', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const line of harmlessText(text).split('\n')) {
        assert.doesNotMatch(
          line.replaceAll(isolate, '').replaceAll(isolateEnd, ''),
          /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u,
        );
        assert.match(line, /^[^\u2068\u2069]*(\u2068[^\u2068\u2069]*\u2069[^\u2068\u2069]*)*$/u);
      }
    }),
  );
});

test('what is harmless stays as it is, also a second time', () => {
  fc.assert(
    fc.property(anyText, (text) =>
      assert.equal(harmlessText(harmlessText(text)), harmlessText(text)),
    ),
  );
  const text = 'Ana Lima\n  \u2068محمد\u2069, patient\n';
  assert.equal(harmlessText(text), text);
});

test('JSON keeps its meaning and holds no such character', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const line = harmlessJson(JSON.stringify({ [text]: [text] }));
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      assert.deepEqual(JSON.parse(line), { [text]: [text] });
    }),
  );
});

test('a name of another script is isolated, whatever it holds; one in ASCII is as it was', () => {
  assert.equal(named('Dr Bo'), 'Dr Bo');
  assert.equal(named('محمد'), `${isolate}محمد${isolateEnd}`);
  assert.equal(named(`م\n${isolateEnd}x`), `${isolate}م  x${isolateEnd}`);
  assert.equal(widthOf(named('Zoë')), 3);
});

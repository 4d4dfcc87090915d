import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCoded } from '../../primitives/errors.ts';
import { amendmentOf, markAmended } from './amendment.ts';
import { bareMediaType, textOf } from './media-type.ts';

test('An amendment comes back as it was said, and what the bytes are stays', () => {
  for (const amendment of [
    { reason: 'wrong patient', enteredInError: true },
    { reason: 'Dosis; 5 mg = "fünf" 50 %', enteredInError: false },
    { reason: ';entered-in-error;amends=x', enteredInError: false },
  ]) {
    const marked = markAmended('application/fhir+json', amendment);
    assert.deepEqual(amendmentOf(marked), amendment);
    assert.equal(bareMediaType(marked), 'application/fhir+json');
  }
});

test('The charset of a text stays with it, and other words of the media type do not', () => {
  const amendment = { reason: 'wrong dose;charset=utf-16', enteredInError: true };
  const marked = markAmended('text/plain;charset=windows-1252;entered-by=patient', amendment);
  assert.ok(marked.startsWith('text/plain;charset=windows-1252;entered-in-error;amends='));
  assert.deepEqual(amendmentOf(marked), amendment);
  assert.equal(textOf(Uint8Array.of(0x35, 0x20, 0xb5, 0x67), marked), '5 µg');
});

for (const [name, reason] of [
  ['none', ' '],
  ['a line feed', 'a\nb'],
  ['half a character', '\ud800'],
  ['a direction', 'a\u202eb'],
  ['301 characters', 'x'.repeat(301)],
  ['300 characters that do not fit when written down', '一'.repeat(300)],
] as const) {
  test(`A reason, ${name}: AMENDMENT_REASON`, () => {
    assert.throws(
      () => markAmended('text/plain', { reason, enteredInError: false }),
      (error) => isCoded(error, 'AMENDMENT_REASON'),
    );
  });
}

for (const mediaType of [
  'text/plain',
  'text/plain;entered-in-error',
  'text/plain;amends=',
  'text/plain;amends=%E0',
  'text/plain;amends=a b',
  'text/plain;x=1;amends=a',
]) {
  test(`${mediaType} is no amendment`, () => assert.equal(amendmentOf(mediaType), undefined));
}

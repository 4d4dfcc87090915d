import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Cbor, encodeCbor } from './cbor.ts';
import { CodedError } from './errors.ts';
import { accountIdOf, consentIdOf } from './ids.ts';
import {
  accountId,
  bytes,
  checked,
  choice,
  consentId,
  decodeAs,
  encodeAs,
  id,
  list,
  type Of,
  parsed,
  text,
  typed,
  uint,
} from './shape.ts';

const shelf = choice(
  {
    books: [0, { titles: list(text(20), { least: 1, most: 2, tooMany: 'REQUEST_TOO_MANY' }) }],
    jar: ['jar', { grams: uint }],
  },
  'TYPE_UNKNOWN',
);
const even = checked(uint, (number, field) => {
  if (number % 2 === 1) throw new CodedError('CBOR_SHAPE', { field });
});
const house = typed(2, 68, { owner: accountId, grant: consentId, shelves: list(shelf), even });

const owner = accountIdOf(new Uint8Array(32).fill(1));
const grant = consentIdOf(new Uint8Array(16).fill(2));
const shelves: fc.Arbitrary<Of<typeof shelf>> = fc.oneof(
  fc
    .array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 2 })
    .map((titles) => ({ kind: 'books' as const, titles })),
  fc.nat().map((grams) => ({ kind: 'jar' as const, grams })),
);

test('what was encoded under a shape is decoded under it, and to the same bytes', () => {
  fc.assert(
    fc.property(fc.array(shelves), fc.nat(), (all, half) => {
      const value = { owner, grant, shelves: all, even: 2 * half };
      const encoded = encodeAs(house, value);
      const decoded = decodeAs(house, encoded);
      assert.deepEqual(decoded, value);
      assert.deepEqual(encodeAs(house, decoded), encoded);
    }),
  );
});

const sound: readonly Cbor[] = [2, 68, new Uint8Array(32), new Uint8Array(16), [['jar', 5]], 4];
for (const [name, change, code] of [
  ['another suite', { 0: 1 }, 'SUITE_UNKNOWN'],
  ['another type', { 1: 67 }, 'TYPE_UNKNOWN'],
  ['an id that is too short', { 2: new Uint8Array(31) }, 'CBOR_SHAPE'],
  ['a choice that nobody offers', { 4: [[1, 5]] }, 'TYPE_UNKNOWN'],
  ['a choice with a field more', { 4: [['jar', 5, 5]] }, 'CBOR_SHAPE'],
  ['a choice with a field less', { 4: [['jar']] }, 'CBOR_SHAPE'],
  ['too many entries', { 4: [[0, ['a', 'b', 'c']]] }, 'REQUEST_TOO_MANY'],
  ['too few entries', { 4: [[0, []]] }, 'CBOR_SHAPE'],
  ['a value that the check refuses', { 5: 3 }, 'CBOR_SHAPE'],
] as const) {
  test(`A shape refuses ${name}: ${code}`, () => {
    decodeAs(house, encodeCbor(sound));
    const changed = sound.map((entry, place) => (change as Record<number, Cbor>)[place] ?? entry);
    assert.throws(() => decodeAs(house, encodeCbor(changed)), { code });
  });
}

test('an id without a length is refused by its own parser, with one by its length', () => {
  const short = encodeCbor(new Uint8Array(3));
  const open = id<string>(() => new Uint8Array(0), accountIdOf);
  assert.throws(() => decodeAs(open, short), { code: 'ID_FORMAT' });
  assert.throws(() => decodeAs(accountId, short), { code: 'CBOR_SHAPE' });
});

test('text that is too long for a word never reaches the word’s parser', () => {
  const word = parsed(() => assert.fail('was parsed'), 4);
  assert.throws(() => decodeAs(word, encodeCbor('abcde')), { code: 'CBOR_SHAPE' });
});

test('an object that says what it is has its fields after suite and type', () => {
  const note = typed(2, 69, { salt: bytes(2), said: text() });
  const encoded = encodeAs(note, { salt: Uint8Array.of(7, 8), said: 'a' });
  assert.deepEqual(encoded, encodeCbor([2, 69, Uint8Array.of(7, 8), 'a']));
});

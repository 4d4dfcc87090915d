import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode as cborgDecode, encode as cborgEncode, rfc8949EncodeOptions } from 'cborg';
import fc from 'fast-check';
import { anyCharacter } from '../../test/any-character.ts';
import { hexToBytes } from './bytes.ts';
import {
  type Cbor,
  decodeCbor,
  encodeCbor,
  encodeCborTogether,
  maxDepth,
  readArray,
  readBoolean,
  readBytes,
  readOptionalBytes,
  readText,
  readUint,
} from './cbor.ts';
import { isCoded } from './errors.ts';

const isInvalid = (error: unknown): boolean => isCoded(error, 'CBOR_INVALID');
const isShape = (error: unknown): boolean => isCoded(error, 'CBOR_SHAPE');

const leaf = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc.string({ unit: anyCharacter }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array(),
);
const { tree } = fc.letrec<{ tree: Cbor }>((tie) => ({
  tree: fc.oneof({ maxDepth: 5 }, leaf, fc.array(tie('tree'))),
}));

test('what is encoded decodes to itself (E-1)', () => {
  fc.assert(fc.property(tree, (value) => assert.deepEqual(decodeCbor(encodeCbor(value)), value)));
});

test('many values encoded together are what each is alone', () => {
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 5 }), (values) => {
      const together = encodeCborTogether(values, (value) => value);
      assert.deepEqual(
        together,
        values.map((value) => [value, encodeCbor(value)]),
      );
    }),
  );
});

test('bytes are those of another implementation of RFC 8949 section 4.2, both ways (E-1)', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const bytes = encodeCbor(value);
      assert.deepEqual(bytes, Uint8Array.from(cborgEncode(value, rfc8949EncodeOptions)));
      assert.deepEqual(decodeCbor(bytes), cborgDecode(bytes, { strict: true }));
    }),
    { numRuns: 500 },
  );
});

test('lengths at the edges of each head encode and decode (E-1)', () => {
  for (const length of [0, 23, 24, 79, 80, 81, 255, 256, 65_535, 65_536]) {
    for (const value of [new Uint8Array(length), 'a'.repeat(length), 'é'.repeat(length)]) {
      const bytes = encodeCbor(value);
      assert.deepEqual(bytes, Uint8Array.from(cborgEncode(value, rfc8949EncodeOptions)));
      assert.deepEqual(decodeCbor(bytes), value);
    }
  }
});

test('a value that only a cast can make is not encoded (E-2)', () => {
  for (const value of [-1, 0.5, 2 ** 53, Number.NaN, undefined, {}, 1n, [undefined]]) {
    assert.throws(() => encodeCbor(value as Cbor), isInvalid);
  }
});

test('what decodes is the encoding of what it decodes to, whatever the bytes (E-1)', () => {
  const mutated = fc.tuple(tree, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
    const bytes = encodeCbor(value);
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array()), (bytes) => {
      let value: Cbor;
      try {
        value = decodeCbor(bytes);
      } catch (error) {
        assert.ok(isInvalid(error), String(error));
        return;
      }
      assert.deepEqual(encodeCbor(value), bytes);
    }),
    { numRuns: 2000 },
  );
});

for (const [what, hex] of [
  ['nothing', ''],
  ['a number in more bytes than it needs', '1800'],
  ['a length in more bytes than it needs', '5800'],
  ['an array length in more bytes than it needs', '980100'],
  ['2^53', '1b0020000000000000'],
  ['the largest u64', '1bffffffffffffffff'],
  ['a negative number', '20'],
  ['a half float', 'f93c00'],
  ['a float of an integer', 'fa3f800000'],
  ['a double', 'fb3ff0000000000000'],
  ['undefined', 'f7'],
  ['a simple value', 'e0'],
  ['a simple value in two bytes', 'f8ff'],
  ['false in two bytes', 'f814'],
  ['a map', 'a0'],
  ['a tag', 'c000'],
  ['an array of indefinite length', '9fff'],
  ['text of indefinite length', '7f6161ff'],
  ['bytes of indefinite length', '5f4100ff'],
  ['a lone break', 'ff'],
  ['reserved length bits', '1c'],
  ['a second value', '0000'],
  ['a missing item', '8101ff'.slice(0, 2)],
  ['a cut number', '19ff'],
  ['cut bytes', '4401'],
  ['a length beyond any memory', '5b001fffffffffffff'],
  ['an array length beyond any memory', '9b001fffffffffffff'],
  ['text that is not UTF-8', '61ff'],
  ['text with a lone surrogate', '63eda080'],
] as const) {
  test(`refused: ${what} (E-2)`, () => {
    assert.throws(() => decodeCbor(hexToBytes(hex) ?? new Uint8Array(0)), isInvalid);
  });
}

const nested = (depth: number): Uint8Array => {
  const bytes = new Uint8Array(depth + 1).fill(0x81);
  bytes[depth] = 0;
  return bytes;
};

test(`${maxDepth} arrays inside one another are the most (E-3)`, () => {
  assert.deepEqual(encodeCbor(decodeCbor(nested(maxDepth))), nested(maxDepth));
  assert.throws(() => decodeCbor(nested(maxDepth + 1)), isInvalid);
});

test('a bomb of a million arrays is refused without recursion (E-3)', () => {
  assert.throws(() => decodeCbor(nested(1_000_000)), isInvalid);
  assert.throws(() => decodeCbor(new Uint8Array(1_000_000).fill(0x9a)), isInvalid);
});

test('a reader takes its own type and names the field otherwise (E-4)', () => {
  const values: Cbor[] = [1, 'text', true, null, Uint8Array.of(1, 2), [1, 2]];
  const takes: readonly (readonly [number, (value: Cbor | undefined) => unknown])[] = [
    [0, (value) => readUint(value, 'field')],
    [1, (value) => readText(value, 'field')],
    [2, (value) => readBoolean(value, 'field')],
    [4, (value) => readBytes(value, 'field', 2)],
    [5, (value) => readArray(value, 'field', 2)],
  ];
  for (const [own, take] of takes) {
    for (const [index, value] of [...values, undefined].entries()) {
      if (index === own) assert.deepEqual(take(value), value);
      else assert.throws(() => take(value), { code: 'CBOR_SHAPE', details: { field: 'field' } });
    }
  }
});

test('a reader holds to its bound (E-4)', () => {
  assert.throws(() => readUint(11, 'field', 10), isShape);
  assert.throws(() => readText('abc', 'field', 2), isShape);
  assert.throws(() => readArray([1], 'field', 2), isShape);
  assert.throws(() => readBytes(Uint8Array.of(1), 'field', 2), isShape);
  assert.throws(() => readOptionalBytes(Uint8Array.of(1), 'field', 2), isShape);
  assert.deepEqual(readOptionalBytes(new Uint8Array(0), 'field', 2), new Uint8Array(0));
});

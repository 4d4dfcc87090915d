import { utf8 } from '../../../src/primitives/bytes.ts';
import { decodeCbor, encodeCbor } from '../../../src/primitives/cbor.ts';
import { codeOf, type Format, hex, json, pattern } from './write.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
/** `[[[...]]]`, so many of them. */
const nested = (depth: number): Uint8Array =>
  bytes(...new Array<number>(depth - 1).fill(0x81), 0x80);
const uint = (low: number, width: number, value: bigint): Uint8Array => {
  const digits = Array.from({ length: width }, (_, i) =>
    Number((value >> BigInt(8 * (width - 1 - i))) & 255n),
  );
  return bytes(low, ...digits);
};
const text = (value: Uint8Array): Uint8Array => bytes(0x60 + value.length, ...value);

const inputs: readonly Uint8Array[] = [
  ...[0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1].map((n) =>
    encodeCbor(n),
  ),
  ...[0, 1, 23, 24, 255, 256].map((length) => encodeCbor(pattern(length, 1))),
  ...['', 'a', 'ü', '\u{1F9EA}', 'x'.repeat(24), 'e\u0301'].map((value) => encodeCbor(value)),
  ...[false, true, null, [], [[], [1, [null]]]].map((value) => encodeCbor(value)),
  ...[1, 15, 16, 17, 200].map(nested),
  uint(0x1b, 8, 2n ** 53n),
  uint(0x1b, 8, 2n ** 64n - 1n),
  uint(0x18, 1, 23n),
  uint(0x19, 2, 255n),
  uint(0x1a, 4, 65_535n),
  uint(0x1b, 8, 2n ** 32n - 1n),
  bytes(0x1c),
  bytes(0x20),
  bytes(0xa0),
  bytes(0xc0, 0),
  bytes(0xf7),
  bytes(0xf8, 0xff),
  bytes(0xf9, 0x3c, 0),
  bytes(0xfb, 0, 0, 0, 0, 0, 0, 0, 0),
  bytes(0x9f, 0xff),
  bytes(0x5f, 0xff),
  bytes(0xff),
  bytes(),
  bytes(0, 0),
  bytes(0x41),
  bytes(0x58, 1, 7),
  bytes(0x82, 1),
  bytes(0x9b, 0, 0, 0, 1, 0, 0, 0, 0),
  bytes(0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  text(bytes(0xff)),
  text(bytes(0xc0, 0x80)),
  text(bytes(0xed, 0xa0, 0x80)),
  text(bytes(0xf4, 0x90, 0x80, 0x80)),
  text(bytes(0xe2, 0x82)),
  text(utf8('\u{feff}a')),
  text(utf8('a\u{feff}')),
  text(bytes(0)),
];

export const encodings: Format = {
  about:
    'encoding.md E-1 to E-3: what is decoded, and to what ({"hex"} is a byte string), or refused as CBOR_INVALID',
  cases: () =>
    Promise.all(
      inputs.map(async (input) => {
        const refused = await codeOf(() => decodeCbor(input));
        if (refused !== '') return { cbor: hex(input), refused };
        return { cbor: hex(input), value: json(decodeCbor(input)) };
      }),
    ),
};

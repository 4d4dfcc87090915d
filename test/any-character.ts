import fc from 'fast-check';

const surrogates = 0x800;
const firstSurrogate = 0xd800;

/**
 * Any character that UTF-8 has, for `unit` of texts that are made up: what the unit `binary` of fast-check gives,
 * which takes a second each time it is named to write down all 1,112,064 of them.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.nat(0x10ffff - surrogates).map(
  (n) => String.fromCodePoint(n < firstSurrogate ? n : n + surrogates),
  (text) => {
    const code = typeof text === 'string' ? text.codePointAt(0) : undefined;
    if (code === undefined || text !== String.fromCodePoint(code) || isSurrogate(code)) {
      throw new Error('not one character');
    }
    return code < firstSurrogate ? code : code - surrogates;
  },
);

function isSurrogate(code: number): boolean {
  return code >= firstSurrogate && code < firstSurrogate + surrogates;
}

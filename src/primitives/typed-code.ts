/** Codes that people type: Crockford's base32, without I, L, O and U, so that each is read one way. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** In groups of four, as it is shown. */
export const typedGroups = (characters: string): string =>
  (characters.match(/.{4}/g) ?? []).join('-');

/** As somebody typed it: in small letters, with blanks, in any grouping, with O for 0 and I or L for 1; or as it was copied, with marks that are not seen. */
export function typedLetters(typed: string): string {
  return typed
    .toUpperCase()
    .replaceAll(/[\s\p{Cf}\-–—_.]/gu, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
}

/** `bytes` is a multiple of five long. */
export function toTypedCode(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((held >> bits) & 31);
    }
  }
  return text;
}

/** `text` as `typedLetters` leaves it, a multiple of eight long; undefined: another character stands in it. */
export function fromTypedCode(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array((text.length * 5) / 8);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (held >> bits) & 255;
    }
  }
  return bytes;
}

/** Bytes as every part of Salus handles them: plain `Uint8Array`, never a platform's own type. */

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Throws `TypeError` on bytes that are not UTF-8. */
export function utf8ToText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** A text without halves of surrogate pairs: U+FFFD stands for each, as in the bytes that it would give. */
export function wellFormed(text: string): string {
  return text.replaceAll(/\p{Cs}/gu, '\ufffd');
}

/** One after the other, in a new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** For public values only: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** For secret values: the time depends on the lengths alone. */
export function equalSecretBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** From there to the end; a loop, since a call for each byte of the padding of an item costs as much as its signature. */
export function isZero(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Lexicographic order of unsigned bytes, shorter first on a common prefix. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

const hexDigits = utf8('0123456789abcdef');
// Of 32 bytes, the length of most ids: one text of 64 characters is made at once, not a piece at a time.
const hexCodes = new Array<number>(64).fill(0);

/** Lower case. */
export function bytesToHex(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 32) {
    const count = Math.min(32, bytes.length - at);
    for (let i = 0; i < count; i++) {
      const byte = bytes[at + i] ?? 0;
      hexCodes[2 * i] = hexDigits[byte >> 4] ?? 0;
      hexCodes[2 * i + 1] = hexDigits[byte & 15] ?? 0;
    }
    text += String.fromCharCode(...(count === 32 ? hexCodes : hexCodes.slice(0, 2 * count)));
  }
  return text;
}

/** Undefined unless `text` is an even number of lower-case hex digits. */
export function hexToBytes(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = hexValue(text.charCodeAt(2 * i));
    const low = hexValue(text.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[i] = 16 * high + low;
  }
  return bytes;
}

/** -1: not a lower-case hex digit. */
function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}

/** Four bytes, the highest first. */
export function u32be(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** The number in the first four bytes. Throws RangeError: there are fewer. */
export const readU32be = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);

const base64urlAlphabet = utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const notBase64url = 64;
/** Six bits of each character code; `notBase64url` for what is none. */
const base64urlValues = new Uint8Array(128).fill(notBase64url);
for (const [value, code] of base64urlAlphabet.entries()) base64urlValues[code] = value;

/** RFC 4648 section 5, without padding. */
export function bytesToBase64url(bytes: Uint8Array): string {
  const text = new Uint8Array(Math.ceil((bytes.length * 4) / 3));
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    // A typed array takes no place behind its end: the last characters of a short group fall away.
    text[at++] = base64urlAlphabet[word >> 18] ?? 0;
    text[at++] = base64urlAlphabet[(word >> 12) & 63] ?? 0;
    text[at++] = base64urlAlphabet[(word >> 6) & 63] ?? 0;
    text[at++] = base64urlAlphabet[word & 63] ?? 0;
  }
  return decoder.decode(text);
}

/** Undefined unless `text` is the one canonical encoding of some bytes. */
export function base64urlToBytes(text: string): Uint8Array | undefined {
  const { length } = text;
  if (length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  const sextet = (i: number): number => base64urlValues[text.charCodeAt(i)] ?? notBase64url;
  let at = 0;
  for (let i = 0; i < length; i += 4) {
    const left = length - i;
    const a = sextet(i);
    const b = sextet(i + 1);
    const c = left > 2 ? sextet(i + 2) : 0;
    const d = left > 3 ? sextet(i + 3) : 0;
    if (((a | b | c | d) & notBase64url) !== 0) return undefined;
    const word = (a << 18) | (b << 12) | (c << 6) | d;
    // Bits that encode nothing must be zero: else a text would have a second spelling.
    if (left < 4 && (word & (left === 2 ? 0xffff : 0xff)) !== 0) return undefined;
    bytes[at++] = word >> 16;
    bytes[at++] = word >> 8;
    bytes[at++] = word;
  }
  return bytes;
}

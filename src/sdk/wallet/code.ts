import { deriveKey, labelledHash } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { CodedError } from '../../primitives/errors.ts';

/** Crockford's base32: no I, L, O, U, so that a printed code is read one way. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const codeBytes = 20;
const checkCharacters = 4;

/**
 * The printed recovery code: 160 random bits in 32 characters, then 4 of a checksum, in nine groups of
 * four. A checksum finds a slip of the pen before the hospital is asked; it keeps nothing secret.
 *
 * Source: docs/protocol/wallet.md, rule W-4.
 */
export function formatCode(code: Uint8Array): string {
  if (code.length !== codeBytes) throw new CodedError('INTERNAL', { codeBytes: code.length });
  const characters = toBase32(code) + checksum(code);
  return (characters.match(/.{4}/g) ?? []).join('-');
}

/**
 * Takes lower case, spaces or any grouping, and the letters that look like digits (O as 0, I and L as 1).
 * Throws `RECOVERY_CODE_WRONG`.
 */
export function parseCode(typed: string): Uint8Array {
  const clean = typed
    .toUpperCase()
    .replaceAll(/[\s\-–—_.]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  const dataCharacters = (codeBytes * 8) / 5;
  if (clean.length !== dataCharacters + checkCharacters) {
    throw new CodedError('RECOVERY_CODE_WRONG', { characters: clean.length });
  }
  const code = fromBase32(clean.slice(0, dataCharacters));
  if (code === undefined || checksum(code) !== clean.slice(dataCharacters)) {
    throw new CodedError('RECOVERY_CODE_WRONG');
  }
  return code;
}

/** By this a wallet knows its code again; of 160 bits there is nothing to guess. Source: rule W-4. */
export function codeCheckOf(code: Uint8Array): Uint8Array {
  return deriveKey(code, labels.walletCodeCheck, []);
}

function checksum(code: Uint8Array): string {
  return toBase32(labelledHash(labels.codeCheck, code).slice(0, 5)).slice(0, checkCharacters);
}

/** `bytes` is a multiple of five long. */
function toBase32(bytes: Uint8Array): string {
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

function fromBase32(text: string): Uint8Array | undefined {
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

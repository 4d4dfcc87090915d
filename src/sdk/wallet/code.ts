import { deriveKey, labelledHash } from '../../crypto/hash.ts';
import { labels } from '../../crypto/labels.ts';
import { CodedError } from '../../primitives/errors.ts';
import {
  fromTypedCode,
  toTypedCode,
  typedGroups,
  typedLetters,
} from '../../primitives/typed-code.ts';

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
  return typedGroups(toTypedCode(code) + checksum(code));
}

/**
 * Takes lower case, spaces or any grouping, and the letters that look like digits (O as 0, I and L as 1).
 * Throws `RECOVERY_CODE_WRONG`.
 */
export function parseCode(typed: string): Uint8Array {
  const clean = typedLetters(typed);
  const dataCharacters = (codeBytes * 8) / 5;
  if (clean.length !== dataCharacters + checkCharacters) {
    throw new CodedError('RECOVERY_CODE_WRONG', { characters: clean.length });
  }
  const code = fromTypedCode(clean.slice(0, dataCharacters));
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
  return toTypedCode(labelledHash(labels.codeCheck, code).slice(0, 5)).slice(0, checkCharacters);
}

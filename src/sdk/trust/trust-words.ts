import { parseTrustRoot } from '../../ledger/chain/trust-root.ts';
import { hexToBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { englishWords } from './english-words.ts';

const wordCount = 12;
const bitsOfWord = 11;

/**
 * The ledger's fingerprint as people compare it: twelve words for the first 132 bits of the genesis hash, most
 * significant bit first. Nobody makes another ledger with the same words (2^132 tries), so whoever has compared
 * them has the ledger that the desk meant. Throws TRUST_ROOT_WRONG: not a hash.
 * Source: docs/protocol/receipts.md, rule R-5.
 */
export function trustWords(genesisHash: string): readonly string[] {
  const bytes = hexToBytes(genesisHash);
  if (bytes?.length !== 32) throw new CodedError('TRUST_ROOT_WRONG', { reason: 'genesisHash' });
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return Array.from({ length: wordCount }, (_, at) => {
    const index = Number.parseInt(bits.slice(at * bitsOfWord, (at + 1) * bitsOfWord), 2);
    return englishWords[index] ?? '';
  });
}

/** Of a trust root as it stands in a file. Throws TRUST_ROOT_WRONG. */
export function wordsOfTrustRoot(trustRootJson: string): readonly string[] {
  return trustWords(parseTrustRoot(trustRootJson).genesisHash);
}

/** What somebody typed or read off, as words: case, commas and line ends do not count. */
export function sameTrustWords(typed: string, words: readonly string[]): boolean {
  return (
    typed
      .toLowerCase()
      .split(/[^a-z]+/)
      .filter(Boolean)
      .join(' ') === words.join(' ')
  );
}

import { equalSecretBytes } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';
import { codeCheckOf } from './code.ts';
import type { WalletContent } from './content.ts';

/** The check of the printed code that counts, the newest; undefined: none was printed. */
export function checkOfPrinted({
  printed,
}: Pick<WalletContent, 'printed'>): Uint8Array | undefined {
  return printed.toSorted((a, b) => a.madeMs - b.madeMs).at(-1)?.check;
}

/** Throws RECOVERY_CODE_WRONG: it is not this wallet's, or another took its place. */
export function requirePrinted(content: Pick<WalletContent, 'printed'>, code: Uint8Array): void {
  const check = checkOfPrinted(content);
  if (check === undefined || !equalSecretBytes(codeCheckOf(code), check)) {
    throw new CodedError('RECOVERY_CODE_WRONG');
  }
}

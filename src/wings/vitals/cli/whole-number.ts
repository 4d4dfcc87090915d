import { CodedError } from '../../../primitives/errors.ts';

/** Of a flag. Throws USAGE. */
export function wholeNumber(
  text: string,
  { flag, least, most }: { readonly flag: string; readonly least: number; readonly most: number },
): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < least || number > most)
    throw new CodedError('USAGE', { problem: `${flag}: a whole number from ${least} to ${most}` });
  return number;
}

import { CodedError } from '../../../../primitives/errors.ts';
import { bitLength, integerToBytes } from './integers.ts';

/**
 * Powers of a fixed base by a comb (Lim and Lee, CRYPTO 1994): 8 teeth, 8 tables of 256 entries. An exponent of 1536
 * bits costs 192 products and 23 squarings; the tables are 2048 numbers, made by 3500 products.
 *
 * Bit i of the digit of table j in column k is bit 192 i + 24 j + k of the exponent, and entry d of table j is the
 * product of base^(2^(192 i + 24 j)) over the bits i of d. So base^e is, over k from 23 down to 0: square, then
 * multiply by an entry of each table.
 */
export const combBits = 1536;
export const combTeeth = 8;
export const combTables = 8;
export const combColumns = combBits / combTeeth / combTables;
/** Of one table. */
export const combEntries = 1 << combTeeth;

/** In the order of their use: column 23 to 0, in each the tables 0 to 7. Throws INTERNAL: the exponent is too long. */
export function combDigits(exponent: bigint): Uint8Array {
  if (exponent < 0n || (exponent > 0n && bitLength(exponent) > combBits))
    throw new CodedError('INTERNAL', { in: 'comb' });
  const bytes = integerToBytes(exponent, combBits / 8).reverse();
  const digits = new Uint8Array(combColumns * combTables);
  let at = 0;
  for (let column = combColumns - 1; column >= 0; column--) {
    for (let table = 0; table < combTables; table++) {
      let digit = 0;
      for (let tooth = 0; tooth < combTeeth; tooth++) {
        const place = (tooth * combTables + table) * combColumns + column;
        digit |= (((bytes[place >> 3] ?? 0) >> (place & 7)) & 1) << tooth;
      }
      digits[at++] = digit;
    }
  }
  return digits;
}

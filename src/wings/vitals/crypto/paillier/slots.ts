import { CodedError } from '../../../../primitives/errors.ts';

/** Several small numbers in one large one: number i lies `bits` i bits up (VD-11). */
export interface Slots {
  readonly count: number;
  readonly bits: number;
}

/** Throws SLOT_OVERFLOW unless each number is from 0 to below - 1 and there are `count` at most. */
export function packSlots(
  { count, bits }: Slots,
  values: readonly bigint[],
  below: bigint,
): bigint {
  if (values.length > count || below > 1n << BigInt(bits))
    throw new CodedError('SLOT_OVERFLOW', { values: values.length });
  return values.reduceRight((packed, value, place) => {
    if (value < 0n || value >= below) throw new CodedError('SLOT_OVERFLOW', { place });
    return (packed << BigInt(bits)) | value;
  }, 0n);
}

/**
 * The first `wanted` numbers. Throws SLOT_OVERFLOW, and never wraps around, where one is not below `below` or where
 * anything stands above them.
 */
export function unpackSlots(
  { count, bits }: Slots,
  packed: bigint,
  { wanted, below }: { readonly wanted: number; readonly below: bigint },
): readonly bigint[] {
  if (wanted > count || packed < 0n || packed >> BigInt(wanted * bits) !== 0n)
    throw new CodedError('SLOT_OVERFLOW', { values: wanted });
  return Array.from({ length: wanted }, (_, place) => {
    const value = BigInt.asUintN(bits, packed >> BigInt(place * bits));
    if (value >= below) throw new CodedError('SLOT_OVERFLOW', { place });
    return value;
  });
}

/** Whole-number arithmetic for the rules, where a fraction must never arise. */

/** How often `divisor` fits into `value`; both whole, `value` >= 0, `divisor` > 0. */
export function quotient(value: number, divisor: number): number {
  return (value - (value % divisor)) / divisor;
}

/** 8 bytes, big-endian, of a whole number up to 2^53 - 1. */
export function u64Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  let left = value;
  for (let at = 7; at >= 0; at--) {
    bytes[at] = left % 256;
    left = quotient(left, 256);
  }
  return bytes;
}

import { combColumns, combDigits, combEntries, combTables, combTeeth } from './comb.ts';
import type { FixedPowers, ModularArithmetic, Powers } from './modular-arithmetic.ts';

/** BigInt alone: what the others are compared with, and what is left where nothing else is allowed. */
export const plainArithmetic: ModularArithmetic = {
  name: 'plain',
  powers: plainPowers,
  fixedPowers: plainFixedPowers,
};

function plainPowers(modulus: bigint): Powers {
  return {
    hidesExponents: false,
    power: (base, exponent) => slidingPower(base, exponent, modulus),
  };
}

const window = 6;

/** The engine divides well: Montgomery and Barrett reduction were slower than `%` on both Node 20 and 24. */
function slidingPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  const first = base % modulus;
  const square = (first * first) % modulus;
  const odd = [first];
  const bits = exponent === 0n ? '' : exponent.toString(2);
  let [power, at] = [1n % modulus, 0];
  while (at < bits.length) {
    if (bits[at] === '0') {
      power = (power * power) % modulus;
      at++;
      continue;
    }
    let end = Math.min(at + window, bits.length);
    while (bits[end - 1] === '0') end--;
    for (let i = at; i < end; i++) power = (power * power) % modulus;
    const place = Number.parseInt(bits.slice(at, end), 2) >> 1;
    while (odd.length <= place) odd.push(((odd.at(-1) ?? 0n) * square) % modulus);
    power = (power * (odd[place] ?? 0n)) % modulus;
    at = end;
  }
  return power;
}

function plainFixedPowers(base: bigint, modulus: bigint): FixedPowers {
  let tables: readonly (readonly bigint[])[] | undefined;
  return {
    power(exponent) {
      tables ??= combOf(base % modulus, modulus);
      let [power, at] = [1n % modulus, 0];
      for (const digit of combDigits(exponent)) {
        if (at % combTables === 0) power = (power * power) % modulus;
        power = (power * (tables[at++ % combTables]?.[digit] ?? 0n)) % modulus;
      }
      return power;
    },
  };
}

function combOf(base: bigint, modulus: bigint): readonly (readonly bigint[])[] {
  const spaced: bigint[] = [base];
  while (spaced.length < combTeeth * combTables) {
    let last = spaced.at(-1) ?? 0n;
    for (let i = 0; i < combColumns; i++) last = (last * last) % modulus;
    spaced.push(last);
  }
  return Array.from({ length: combTables }, (_, table) => {
    const entries = [1n % modulus];
    for (let digit = 1; digit < combEntries; digit++) {
      const tooth = 31 - Math.clz32(digit);
      const rest = entries[digit - (1 << tooth)] ?? 0n;
      entries.push((rest * (spaced[tooth * combTables + table] ?? 0n)) % modulus);
    }
    return entries;
  });
}

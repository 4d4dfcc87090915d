/** Numbers by their spelling: a value is never turned into a floating point number to judge it. */

interface Decimal {
  readonly isNegative: boolean;
  /** Without zeros at either end; empty is zero. */
  readonly digits: string;
  /** How many of the digits stand before the point; negative: so many zeros after it. */
  readonly magnitude: number;
}

/** An exponent of more digits is no measurement, and would be no safe number here. */
const spelling = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,6}))?$/;

function parseDecimal(text: string): Decimal | undefined {
  const parts = spelling.exec(text);
  if (parts === null) return undefined;
  const whole = parts[2] ?? '';
  const all = whole + (parts[3] ?? '');
  const significant = all.replace(/^0+/, '');
  let end = significant.length;
  // No pattern: it would look at each run of zeros from each of its places, and a text may have millions.
  while (significant[end - 1] === '0') end--;
  const digits = significant.slice(0, end);
  const leading = all.length - significant.length;
  const magnitude = whole.length - leading + Number(parts[4] ?? 0);
  return { isNegative: parts[1] === '-' && digits !== '', digits, magnitude };
}

/** Negative, zero or positive, as of `a - b`. Undefined: one of them is no number. */
export function compareDecimals(a: string, b: string): number | undefined {
  const left = parseDecimal(a);
  const right = parseDecimal(b);
  if (left === undefined || right === undefined) return undefined;
  if (left.isNegative !== right.isNegative) return left.isNegative ? -1 : 1;
  const size = compareSizes(left, right);
  return left.isNegative ? -size : size;
}

function compareSizes(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '') return a.digits.length - b.digits.length;
  if (a.magnitude !== b.magnitude) return a.magnitude - b.magnitude;
  return a.digits === b.digits ? 0 : a.digits < b.digits ? -1 : 1;
}

/**
 * A number as a clinician would say it: two places after the point, below 1 three digits that count. What is
 * spelled with fewer stays as it is, trailing zeros too, since 1.10 says more than 1.1. For people only.
 */
export function roundedForPeople(spelled: string): string {
  const parts = /^(-?)(\d{1,15})\.(\d{1,60})$/.exec(spelled);
  if (parts === null) return spelled;
  const [, sign = '', whole = '', fraction = ''] = parts;
  const zeros = fraction.length - fraction.replace(/^0+/, '').length;
  const kept = /[1-9]/.test(whole) ? 2 : zeros + 3;
  if (kept >= fraction.length || zeros === fraction.length) return spelled;
  // By digits, half away from zero: 1.005 is 1.01, whatever a binary fraction makes of it.
  const roundsUp = (fraction[kept] ?? '0') >= '5';
  const units = BigInt(whole + fraction.slice(0, kept)) + (roundsUp ? 1n : 0n);
  const digits = units.toString().padStart(kept + 1, '0');
  return `${sign}${digits.slice(0, -kept)}.${digits.slice(-kept)}`;
}

/**
 * The value of a headline as a list shows it: its number, or the numbers of `117.8457/84.853`, rounded. One that was cut
 * behind so many places that no rounding looks at what is missing is a number for people.
 */
export function valueForPeople(value: string): string {
  const parts = /^([<>]=?)?([^/]+)(?:\/([^/]+))?$/.exec(value);
  if (parts === null) return value;
  const [, comparator = '', first = '', second] = parts;
  const rounded = `${comparator}${roundedForPeople(first)}`;
  const other = second?.replace(/(\.\d{3,})…$/, '$1');
  return other === undefined ? rounded : `${rounded}/${roundedForPeople(other)}`;
}

import type { CurveView } from './calls.ts';

/** `H` or `L` outside the range, else nothing: compared on this device, the same for everybody. */
export const flagOf = ({ low, high }: Pick<CurveView, 'low' | 'high'>, value: number): string =>
  low !== undefined && value < low ? 'L' : high !== undefined && value > high ? 'H' : '';

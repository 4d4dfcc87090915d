import { optionalBytes, type Shape, struct, uint } from '../primitives/shape.ts';

/**
 * The numbers that a key has used: `top`, the highest, and one bit for each of the 256 numbers below it.
 * So transactions of one sender may arrive in any order, and none is executed twice.
 * Source: docs/protocol/transactions.md, rule T-7.
 */
export interface NonceWindow {
  readonly top: number;
  /** 32 bytes: bit `i` (of byte `i >> 3`, least significant first) stands for `top - 1 - i`. */
  readonly used: Uint8Array;
}

export const nonceWindowBits = 256;
export const nonceFarLimit = 1_024;

/** A fresh key: 0 counts as used, so the first number is 1. */
export const freshWindow: NonceWindow = { top: 0, used: new Uint8Array(32) };

export type NonceRefusal = 'NONCE_USED' | 'NONCE_OLD' | 'NONCE_FAR';

/** Undefined: the number is free. Source: docs/protocol/transactions.md, rule T-7. */
export function judgeNonce(window: NonceWindow, nonce: number): NonceRefusal | undefined {
  if (nonce > window.top) return nonce - window.top > nonceFarLimit ? 'NONCE_FAR' : undefined;
  if (nonce === window.top) return 'NONCE_USED';
  const index = window.top - 1 - nonce;
  if (index >= nonceWindowBits) return 'NONCE_OLD';
  return isBitSet(window.used, index) ? 'NONCE_USED' : undefined;
}

/** The window after `nonce`, which `judgeNonce` let pass. */
export function burnNonce(window: NonceWindow, nonce: number): NonceWindow {
  const used = new Uint8Array(32);
  if (nonce < window.top) {
    used.set(window.used);
    setBit(used, window.top - 1 - nonce);
    return { top: window.top, used };
  }
  // The old top becomes bit `shift - 1`, and every old bit moves up by `shift`.
  const shift = nonce - window.top;
  if (shift <= nonceWindowBits) setBit(used, shift - 1);
  for (let index = 0; index + shift < nonceWindowBits; index++) {
    if (isBitSet(window.used, index)) setBit(used, index + shift);
  }
  return { top: nonce, used };
}

function isBitSet(bits: Uint8Array, index: number): boolean {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
}

const written = struct({ top: uint, used: optionalBytes(32) });
const noneUsed = new Uint8Array(0);

/** `[top, used]`; `used` is empty when no bit is set, so that a fresh window costs a byte or two. */
export const nonceWindow: Shape<NonceWindow> = {
  encode: ({ top, used }) => [top, used.every((byte) => byte === 0) ? noneUsed : used],
  decode(value, field) {
    const read = written.decode(value, field);
    return read.used.length === 0 ? { top: read.top, used: freshWindow.used } : read;
  },
};

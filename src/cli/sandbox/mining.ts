import { setImmediate as nextTurn } from 'node:timers/promises';
import { sha256 } from '../../crypto/hash.ts';
import { bytesToHex, concatBytes, utf8 } from '../../primitives/bytes.ts';
import { CodedError } from '../../primitives/errors.ts';

/**
 * Proof of work as the papers have it, for teaching: a block is found when the SHA-256 of
 * previous hash (32) ‖ header ‖ nonce (8, big-endian) begins with enough zero bits.
 */
const nonceBytes = 8;

export const noHash: Uint8Array = new Uint8Array(32);

/** The hash that has to begin with zeros. */
export function hashOf(previous: Uint8Array, header: Uint8Array, nonce: number): Uint8Array {
  return sha256(candidateOf(previous, header, nonce));
}

/** With how many zero bits a hash begins. */
export function zeroBitsOf(hash: Uint8Array): number {
  let bits = 0;
  for (const byte of hash) {
    bits += byte === 0 ? 8 : Math.clz32(byte) - 24;
    if (byte !== 0) break;
  }
  return bits;
}

export interface Found {
  readonly nonce: number;
  readonly hash: Uint8Array;
}

/** The trying of one miner at one place: it can be left and taken up again, as a race needs it. */
export class Search {
  readonly #candidate: Uint8Array;
  readonly #view: DataView;
  readonly #nonceAt: number;
  readonly #bits: number;
  #nonce: number;
  tries = 0;

  constructor(
    place: { readonly previous: Uint8Array; readonly header: Uint8Array },
    { firstNonce, bits }: { readonly firstNonce: number; readonly bits: number },
  ) {
    this.#candidate = candidateOf(place.previous, place.header, firstNonce);
    this.#view = new DataView(this.#candidate.buffer);
    this.#nonceAt = this.#candidate.length - nonceBytes;
    this.#nonce = firstNonce;
    this.#bits = bits;
  }

  /** Tries at most `count` nonces. */
  run(count: number): Found | undefined {
    for (let i = 0; i < count; i++) {
      const nonce = this.#nonce;
      writeNonce(this.#view, this.#nonceAt, nonce);
      const hash = sha256(this.#candidate);
      this.#nonce += 1;
      this.tries += 1;
      if (zeroBitsOf(hash) >= this.#bits) return { nonce, hash };
    }
    return undefined;
  }
}

/** Gives way to other work, and ends with INTERRUPTED when it is told to. */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await nextTurn();
  if (signal?.aborted) throw new CodedError('INTERRUPTED');
}

/** Where a search begins: below 2^48, so that it never leaves the safe integers. */
export function firstNonceOf(seed: number, ...purpose: readonly (string | number)[]): number {
  const digest = sha256(utf8([seed, ...purpose].join('/')));
  return Number.parseInt(bytesToHex(digest.subarray(0, 6)), 16);
}

function candidateOf(previous: Uint8Array, header: Uint8Array, nonce: number): Uint8Array {
  const candidate = concatBytes(previous, header, new Uint8Array(nonceBytes));
  writeNonce(new DataView(candidate.buffer), candidate.length - nonceBytes, nonce);
  return candidate;
}

function writeNonce(view: DataView, at: number, nonce: number): void {
  view.setUint32(at, Math.floor(nonce / 2 ** 32));
  view.setUint32(at + 4, nonce % 2 ** 32);
}

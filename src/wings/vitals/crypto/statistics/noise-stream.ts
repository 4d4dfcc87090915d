import { hmacSha256, shake256 } from '../../../../crypto/hash.ts';
import { concatBytes, utf8 } from '../../../../primitives/bytes.ts';
import { type Cbor, encodeCbor } from '../../../../primitives/cbor.ts';
import type { vitalsNames } from '../../names.ts';

/** Where a sampler gets its chance from. */
export interface Chance {
  /** Uniform from 0 to n - 1; `n` >= 1. */
  below(n: bigint): bigint;
}

type StreamLabel = (typeof vitalsNames.labels)['noise' | 'zero'];

const blockBytes = 256;

/**
 * The same chance for the same key, label and context: SHAKE256(K ‖ u32 block), K = HMAC-SHA-256(key, label ‖ 0x00 ‖
 * CBOR(context)). A retry repeats it, and nobody without the key tells it from noise.
 * Source: docs/protocol/vitals-statistics.md, rules VQ-10 and VQ-17.
 */
export function keyedChance(key: Uint8Array, label: StreamLabel, context: Cbor): Chance {
  const seed = hmacSha256(key, utf8(label), Uint8Array.of(0), encodeCbor(context));
  return new Stream(seed);
}

class Stream implements Chance {
  readonly #seed: Uint8Array;
  #block: Uint8Array = new Uint8Array(0);
  #number = 0;
  #at = 0;

  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  below(n: bigint): bigint {
    if (n <= 1n) return 0n;
    const bits = (n - 1n).toString(2).length;
    const surplus = (8 - (bits % 8)) % 8;
    const bytes = (bits + surplus) / 8;
    for (;;) {
      let value = BigInt(this.#byte() & (0xff >> surplus));
      for (let i = 1; i < bytes; i++) value = (value << 8n) | BigInt(this.#byte());
      // Tried again, not reduced: a remainder would prefer small numbers.
      if (value < n) return value;
    }
  }

  #byte(): number {
    if (this.#at === this.#block.length) {
      const counter = new Uint8Array(4);
      new DataView(counter.buffer).setUint32(0, this.#number++);
      this.#block = shake256(concatBytes(this.#seed, counter), blockBytes);
      this.#at = 0;
    }
    return this.#block[this.#at++] ?? 0;
  }
}

import { type Cbor, encodeCbor } from '../../src/primitives/cbor.ts';
import { CodedError } from '../../src/primitives/errors.ts';
import type { Random } from './random.ts';

/** Where a mutation takes from: other inputs to splice with, and values that mean something. */
export interface Pantry {
  readonly random: Random;
  readonly corpus: readonly Uint8Array[];
  readonly words: readonly Cbor[];
}

const edges: readonly number[] = [
  ...[0, 1, 0x17, 0x18, 0x1f, 0x20, 0x3f, 0x40, 0x5f, 0x60, 0x7b, 0x7d, 0x7f],
  ...[0x80, 0x82, 0x9f, 0xa0, 0xbf, 0xc0, 0xd8, 0xed, 0xf4, 0xf6, 0xf7, 0xf9, 0xfb, 0xfe, 0xff],
];

/** Flip, set, cut, insert, duplicate, move, splice, tamper with what may be a length. */
export function changeBytes(input: Uint8Array, { random, corpus, words }: Pantry): Uint8Array {
  const at = random.below(input.length + 1);
  const length = Math.min(1 + random.below(random.oneIn(4) ? 512 : 8), input.length - at);
  const made = input.slice();
  switch (random.below(10)) {
    case 0:
      made[at] = (made[at] ?? 0) ^ (1 << random.below(8));
      return made;
    case 1:
      made[at] = random.pick(edges);
      return made;
    case 2:
      made[at] = ((made[at] ?? 0) + (random.oneIn(2) ? 1 : 255)) & 255;
      return made;
    case 3:
      return replaced(input, at, length, random.bytes(0));
    case 4:
      return replaced(input, at, 0, random.bytes(1 + random.below(16)));
    case 5:
      return replaced(input, at, 0, input.subarray(at, at + length));
    case 6:
      return replaced(input, at, length, input.subarray(random.below(input.length)).slice(0, 64));
    case 7: {
      const other = corpus.length === 0 ? input : random.pick(corpus);
      const from = random.below(other.length);
      const taken = other.subarray(from, from + 1 + random.below(random.oneIn(3) ? 4096 : 64));
      return replaced(input, at, random.oneIn(2) ? taken.length : length, taken);
    }
    case 8:
      return withEdgeNumber(made, at, random);
    default:
      return words.length === 0
        ? input.subarray(0, at)
        : replaced(input, at, random.oneIn(2) ? length : 0, bytesOfWord(random.pick(words)));
  }
}

/** Overwrites 1, 2, 4 or 8 bytes, as a length or number of that width, with an edge of its range. */
function withEdgeNumber(made: Uint8Array, at: number, random: Random): Uint8Array {
  const width = 1 << random.below(4);
  if (at + width > made.length) return made;
  const kind = random.below(5);
  const fill = kind === 0 ? 0 : 0xff;
  made.fill(fill, at, at + width);
  if (kind === 1) made[at] = 0x7f;
  if (kind === 2) made[at] = 0;
  if (kind === 3) made.fill(0, at, at + width - 1);
  if (kind === 4) made[at + width - 1] = 0xfe;
  return random.oneIn(2) ? made : reversed(made, at, width);
}

function reversed(made: Uint8Array, at: number, width: number): Uint8Array {
  made.subarray(at, at + width).reverse();
  return made;
}

function bytesOfWord(word: Cbor): Uint8Array {
  if (word instanceof Uint8Array) return word;
  return typeof word === 'string' ? new TextEncoder().encode(word) : encodeCbor(word);
}

function replaced(bytes: Uint8Array, at: number, length: number, by: Uint8Array): Uint8Array {
  const made = new Uint8Array(bytes.length - Math.min(length, bytes.length - at) + by.length);
  made.set(bytes.subarray(0, at));
  made.set(by, at);
  made.set(bytes.subarray(at + length), at + by.length);
  return made;
}

/** Undefined instead of a refusal, for what is tried only to see whether it has a structure. */
export function unlessCoded<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof CodedError) return undefined;
    throw error;
  }
}

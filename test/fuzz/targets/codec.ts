import { AssertionError } from 'node:assert/strict';
import type { Code } from '../../../src/codes/index.ts';
import { bytesToHex, equalBytes } from '../../../src/primitives/bytes.ts';
import type { Cbor } from '../../../src/primitives/cbor.ts';
import type { Shape, Target, TargetModule } from '../target.ts';

/** Two byte strings that must be the same. */
export function mustEqual(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (equalBytes(actual, expected)) return;
  const [shown, wanted] = [actual, expected].map((bytes) => bytesToHex(bytes.subarray(0, 64)));
  throw new AssertionError({ message: `${what}: ${shown} for ${wanted}`, stackStartFn: mustEqual });
}

export interface Codec<Value> {
  readonly name: string;
  readonly shape?: Shape;
  readonly seeds: readonly Uint8Array[];
  readonly decode: (bytes: Uint8Array) => Value;
  /** What was accepted must come out as it came in: one value, one encoding. */
  readonly encode: (value: Value) => Uint8Array;
  readonly allows: readonly Code[];
  readonly words?: readonly Cbor[];
}

/** A decoder of strangers' bytes: refuses with a code it states, or reads what encodes to the same bytes. */
export function codecTarget<Value>(codec: Codec<Value>): Target {
  const { name, seeds, decode, encode, allows, words = [], shape = 'cbor' } = codec;
  // A seed that is refused would test the door alone.
  for (const seed of seeds) decode(seed);
  return {
    ...{ name, shape, seeds, allows, words },
    run: (input) => mustEqual(encode(decode(input)), input, 'another encoding of the same value'),
  };
}

export const codecModule = <Value>(codec: () => Codec<Value>): TargetModule => ({
  open: () => codecTarget(codec()),
});

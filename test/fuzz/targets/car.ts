import assert from 'node:assert/strict';
import { concatBytes, utf8 } from '../../../src/primitives/bytes.ts';
import { blobIdOf } from '../../../src/storage/blob-id.ts';
import { decodeCar, encodeCar } from '../../../src/storage/car.ts';
import type { Target, TargetModule } from '../target.ts';
import { mustEqual } from './codec.ts';
import { inPieces, joined } from './sealed.ts';

/** A stream of blobs from a stranger: what is given on is what its id says, however the bytes arrive. */
export const car: TargetModule = {
  async open(): Promise<Target> {
    const blobs = ['', 'a', 'b'.repeat(200), 'c'.repeat(9_000)].map((text) => {
      const bytes = utf8(text);
      return { id: blobIdOf(bytes), bytes };
    });
    const [, one] = blobs;
    const seeds = [
      await joined(encodeCar(blobs)),
      await joined(encodeCar(one === undefined ? [] : [one])),
      await joined(encodeCar([])),
    ];
    return {
      ...{
        name: 'car',
        shape: 'bytes',
        seeds,
        words: blobs.map(({ bytes }) => bytes),
        boundMiB: 8,
      },
      allows: ['CAR_INVALID', 'BLOB_MISMATCH', 'BODY_TOO_LARGE'],
      run: async (input) => {
        const whole = await contents(input, input.length + 1);
        const inBits = await contents(input, 7);
        assert.equal(inBits.refused?.code, whole.refused?.code, 'pieces decide');
        mustEqual(inBits.bytes, whole.bytes, 'pieces decide');
        if (whole.refused !== undefined) throw whole.refused;
      },
    };
  },
};

async function contents(input: Uint8Array, size: number) {
  const parts: Uint8Array[] = [];
  try {
    for await (const { id, bytes } of decodeCar(inPieces(input, size), { maxBlobs: 100 })) {
      assert.equal(blobIdOf(bytes), id);
      parts.push(bytes);
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error instanceof assert.AssertionError) {
      throw error;
    }
    return { bytes: concatBytes(...parts), refused: error };
  }
  return { bytes: concatBytes(...parts), refused: undefined };
}

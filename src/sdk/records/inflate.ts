import { concatBytes } from '../../primitives/bytes.ts';

/**
 * Unpacks up to `most` bytes, so that small bytes cannot grow without bound. Undefined: there are more. Throws what the
 * platform throws for damaged bytes.
 */
export async function inflate(
  bytes: Uint8Array,
  format: 'gzip' | 'deflate-raw',
  most: number,
): Promise<Uint8Array | undefined> {
  const packed = new Blob([Uint8Array.from(bytes)]).stream();
  const reader = packed.pipeThrough(new DecompressionStream(format)).getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > most) {
      await reader.cancel();
      return undefined;
    }
    pieces.push(next.value);
  }
  return concatBytes(...pieces);
}

/**
 * Gives the memory of bytes back at once that nobody reads any more: a collector is called by how much stands outside of its
 * heap, and marks all of that. Of a view nothing: others may see the same memory.
 */
export function giveBack({ buffer, length }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}

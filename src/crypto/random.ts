import { platform } from '#platform';

/** Bytes from the operating system's generator: keys, salts, nonces and ids. */
export function randomBytes(length: number): Uint8Array {
  return platform.randomBytes(length);
}

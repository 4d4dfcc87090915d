import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** What the kernel takes for the path of a Unix socket; homes may lie deeper. */
const maxPathBytes = 100;

/**
 * The path under which a socket is opened or served: a long one by way of its folder's descriptor, which `release` gives
 * back when the socket is not needed any more.
 */
export function reachable(path: string): {
  readonly address: string;
  readonly release: () => void;
} {
  if (Buffer.byteLength(path) <= maxPathBytes) return { address: path, release: () => {} };
  const folder = openSync(dirname(path), 'r');
  return {
    address: `/proc/self/fd/${folder}/${basename(path)}`,
    release: () => closeSync(folder),
  };
}

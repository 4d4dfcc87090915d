import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Writes a small file so that it is there whole or not at all, also after a power failure. */
export function writeWhole(path: string, bytes: Uint8Array, mode = 0o600): void {
  const beside = `${path}.new`;
  const file = openSync(beside, 'w', mode);
  try {
    // All of it or an error: a write alone may end early when the disk fills up.
    writeFileSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
  flushFolder(dirname(path));
}

/** For its owner alone; one that is there stays as it is. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

/** Makes the names in a folder durable. */
export function flushFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A secret that only the owner of the folder reads; made on first use. */
export function readSecretFile(path: string, make: () => Uint8Array): Uint8Array {
  if (!existsSync(path)) writeWhole(path, make(), 0o600);
  return new Uint8Array(readFileSync(path));
}

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { VectorFiles } from './files.ts';

/** Vectors as they lie on disk. */
export const vectorsOnDisk: VectorFiles = {
  has: (path) => statSync(path, { throwIfNoEntry: false }) !== undefined,
  bytes: (path) => new Uint8Array(readFileSync(path)),
  below: (folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(folder, name)).isFile())
      .sort(),
};

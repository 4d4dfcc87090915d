import { readFileSync, renameSync } from 'node:fs';
import { open } from 'node:fs/promises';

export function readIfThere(path: string): Uint8Array | undefined {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Beside, then in its place, for its owner alone; `isLasting`: on the disk before it takes the place. */
export async function writeWhole(
  path: string,
  bytes: Uint8Array,
  { isLasting = true }: { readonly isLasting?: boolean } = {},
): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  const file = await open(beside, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    if (isLasting) await file.sync();
  } finally {
    await file.close();
  }
  renameSync(beside, path);
}

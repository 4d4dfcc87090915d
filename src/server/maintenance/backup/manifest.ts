import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { CodedError } from '../../../primitives/errors.ts';

/** Lies at the top of every backup and is written last: a folder without it is none. */
export const manifestName = 'manifest.json';

// Names we write: no empty segment, none that begins with a dot, so none that leads out of the folder.
const path = z
  .string()
  .max(400)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]*(\/[A-Za-z0-9][A-Za-z0-9._@-]*)*$/);
const file = z.strictObject({
  path,
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const namesEachOnce = (files: readonly { readonly path: string }[]) =>
  new Set(files.map((it) => it.path)).size === files.length;
const manifest = z.strictObject({
  format: z.literal('salus-backup'),
  version: z.literal(1),
  chain: z.string().min(1).max(64),
  height: z.int().nonnegative(),
  headerHash: z.string().max(64),
  createdMs: z.int().nonnegative(),
  /** Whether the private keys of the servers lie in it. */
  keys: z.boolean(),
  files: z.array(file).max(10_000_000).refine(namesEachOnce),
});

export type BackedUpFile = Readonly<z.infer<typeof file>>;
export type Manifest = Readonly<z.infer<typeof manifest>>;

/** Throws BACKUP_INVALID {reason: manifest}: none there, or not one that a backup writes: no file twice. */
export function readManifest(folder: string): Manifest {
  try {
    const text = readFileSync(join(folder, manifestName), 'utf8');
    return manifest.parse(JSON.parse(text));
  } catch (cause) {
    throw new CodedError('BACKUP_INVALID', { reason: 'manifest' }, cause);
  }
}

// Builds a service that is a Go module of this repository, once for each version of its sources: the Go tool fetches what
// its go.sum names by hash.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * `{folder}` that holds the program `name`, or `{reason}` why it could not be built. `source`: a folder of a Go module
 * with a `main` package, from the root of the repository.
 */
export function builtGo({ name, source }) {
  const module = join(root, source);
  const hash = createHash('sha256');
  for (const file of readdirSync(module).sort())
    hash.update(file).update(readFileSync(join(module, file)));
  const folder = join(root, '.cache', 'services', name, hash.digest('hex').slice(0, 16));
  if (existsSync(join(folder, name))) return { folder };
  rmSync(dirname(folder), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const partial = join(folder, `${name}.partial`);
  const { status, stderr, error } = spawnSync('go', ['build', '-trimpath', '-o', partial, '.'], {
    cwd: module,
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: '-mod=readonly' },
  });
  if (error !== undefined) return { reason: 'Go is not on the PATH' };
  if (status !== 0) return { reason: `go build: ${stderr.trim().split('\n').at(-1)}` };
  renameSync(partial, join(folder, name));
  return { folder };
}

/**
 * `{folder}` that holds a program of a Go module elsewhere, or `{reason}`. `program`: its package and version, which the
 * Go tool holds to its public log of hashes.
 */
export function installedGo({ name, program }) {
  const folder = join(root, '.cache', 'services', name, 'bin');
  const mark = join(folder, program.slice(program.indexOf('@') + 1));
  if (existsSync(mark)) return { folder };
  mkdirSync(folder, { recursive: true });
  const { status, stderr, error } = spawnSync('go', ['install', program], {
    encoding: 'utf8',
    env: { ...process.env, CGO_ENABLED: '0', GOBIN: folder },
  });
  if (error !== undefined) return { reason: 'Go is not on the PATH' };
  if (status !== 0) return { reason: `go install: ${stderr.trim().split('\n').at(-1)}` };
  writeFileSync(mark, '');
  return { folder };
}

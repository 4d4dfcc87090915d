import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  link,
  lstat,
  open,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CodedError, isCoded } from '../primitives/errors.ts';
import type { GlobalFlags } from './global-flags.ts';
import type { Output } from './output.ts';

/** Of a command, as far as writing a file needs it. */
export interface Writing {
  readonly flags: Pick<GlobalFlags, 'force'>;
  readonly output: Pick<Output, 'bytes'>;
}

/** What this program made and makes anew: a mark, a proposal that is signed once more. */
export const replacing: Writing = {
  flags: { force: true },
  output: {
    bytes: () => {
      throw new CodedError('USAGE', { out: '-' });
    },
  },
};

/** What lies at a path, links followed. */
type Found =
  | { readonly kind: 'nothing' | 'file'; readonly path: string; readonly isLink: boolean }
  | { readonly kind: 'device'; readonly path: string };

/**
 * Writes what somebody asked for, and replaces nothing that lies there: a file of other bytes is `FILE_EXISTS`
 * unless `--force`; a device, a pipe and the target of a link are written into; `-` is standard output. A file is
 * whole or not at all, and for its user alone. Answers where it is.
 *
 * Throws: FILE_EXISTS, FILE_UNWRITABLE, DISK_FULL, USAGE (`-` with --json).
 * Source: docs/protocol/commands.md, rule CL-33.
 */
export async function writeOut(
  path: string,
  content: Uint8Array | string,
  writing: Writing,
): Promise<string> {
  const bytes = typeof content === 'string' ? new Uint8Array(Buffer.from(content)) : content;
  if (isStandardOutput(path)) {
    writing.output.bytes(bytes);
    return '-';
  }
  try {
    const found = await lookAt(resolve(path));
    if (found.kind === 'device') return await writeInto(found.path, bytes, resolve(path));
    const replaces = writing.flags.force === true || found.isLink;
    if (found.kind === 'file') {
      if (await holds(found.path, bytes)) return resolve(path);
      if (!replaces) throw new CodedError('FILE_EXISTS', { file: basename(path) });
    }
    await writeBeside(found.path, bytes, found.kind === 'file');
    return resolve(path);
  } catch (error) {
    throw asUnwritable(error, path);
  }
}

/** For what cannot be made again: says before it is made that it could not be kept. Throws as `writeOut`. */
export async function refuseTaken(path: string, { flags }: Pick<Writing, 'flags'>): Promise<void> {
  if (isStandardOutput(path) || flags.force === true) return;
  const found = await lookAt(resolve(path)).catch((error: unknown) => {
    throw asUnwritable(error, path);
  });
  if (found.kind === 'file' && !found.isLink) {
    throw new CodedError('FILE_EXISTS', { file: basename(path) });
  }
}

function isStandardOutput(path: string): boolean {
  return path === '-' || path === '/dev/stdout';
}

async function lookAt(path: string): Promise<Found> {
  const entry = await lstat(path).catch(onlyMissing);
  if (entry === undefined) return { kind: 'nothing', path, isLink: false };
  const isLink = entry.isSymbolicLink();
  const target = isLink ? await stat(path).catch(onlyMissing) : entry;
  if (target === undefined) {
    return { kind: 'nothing', path: resolve(dirname(path), await readlink(path)), isLink };
  }
  if (target.isFile()) return { kind: 'file', path: await realpath(path), isLink };
  return { kind: 'device', path };
}

async function holds(path: string, bytes: Uint8Array): Promise<boolean> {
  return (
    (await stat(path)).size === bytes.length && Buffer.from(bytes).equals(await readFile(path))
  );
}

function onlyMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}

/** Neither made nor cut short: a pipe and a device are what they are. */
async function writeInto(path: string, bytes: Uint8Array, asked: string): Promise<string> {
  // Waits for the reader of a pipe: opened for both, it would take the bytes and lose them.
  const file = await open(path, constants.O_WRONLY);
  try {
    await file.writeFile(bytes);
  } finally {
    await file.close();
  }
  return asked;
}

/**
 * Beside and then in its place, so that what is interrupted leaves no half a file. In a folder that others write to too
 * nobody can have put something under its name, and it is short whatever the target is called.
 */
async function writeBeside(target: string, bytes: Uint8Array, replaces: boolean): Promise<void> {
  const beside = join(dirname(target), `.salus-${randomUUID()}.new`);
  try {
    const mode = replaces ? (await stat(target)).mode & 0o777 : 0o600;
    const file = await open(beside, 'wx', mode);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    if (replaces) await rename(beside, target);
    else await linkNew(beside, target);
  } finally {
    await rm(beside, { force: true }).catch(() => undefined);
  }
}

/** A file that came to be since it was looked for is not replaced either; some file systems know no links. */
async function linkNew(beside: string, target: string): Promise<void> {
  try {
    await link(beside, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new CodedError('FILE_EXISTS', { file: basename(target) }, error);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK')
      throw error;
    await rename(beside, target);
  }
}

function asUnwritable(error: unknown, path: string): unknown {
  if (isCoded(error) || (error as NodeJS.ErrnoException).code === 'ENOSPC') return error;
  return new CodedError('FILE_UNWRITABLE', { file: basename(path) }, error);
}

import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { arrayBuffer } from 'node:stream/consumers';
import { CodedError } from '../primitives/errors.ts';
import type { FileInput, Spool } from '../sdk/index.ts';

/** What was typed or piped in, to its end; without a name it is called by what it begins with. Throws INTERRUPTED. */
export async function standardInput(
  name: string | undefined,
  stdin: Readable,
  signal: AbortSignal,
): Promise<FileInput> {
  const pieces: Buffer[] = [];
  const stop = () => stdin.destroy(new CodedError('INTERRUPTED'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const piece of stdin) pieces.push(Buffer.from(piece));
  } finally {
    signal.removeEventListener('abort', stop);
  }
  const bytes = Buffer.concat(pieces);
  const called = bytes.subarray(0, 64).toString('latin1').trimStart().startsWith('{');
  return inputOf(name ?? (called ? 'typed.json' : 'typed.txt'), new Uint8Array(bytes));
}

/** More files than that are no folder of records: somebody named the wrong one. */
const maxFilesOfFolder = 20_000;

/** A file of this machine, or all of a folder and the folders in it, by name. Throws FILE_UNREADABLE. */
export async function inputFiles(path: string): Promise<readonly FileInput[]> {
  try {
    if (!statSync(path).isDirectory()) return [fileAt(path)];
    const inputs: FileInput[] = [];
    for (const it of readdirSync(path, { recursive: true, withFileTypes: true })) {
      const found = join(it.parentPath, it.name);
      // Links may lead out of the folder; hidden files, and what lies in hidden folders, are some program's.
      const isHidden = relative(path, found)
        .split(sep)
        .some((part) => part.startsWith('.'));
      if (!it.isFile() || isHidden) continue;
      if (inputs.length === maxFilesOfFolder) {
        throw new CodedError('FILE_UNREADABLE', { file: basename(path), most: maxFilesOfFolder });
      }
      inputs.push(fileAt(found));
    }
    if (inputs.length === 0) throw new CodedError('FILE_EMPTY', { file: basename(path) });
    return inputs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw asUnreadable(error, path);
  }
}

/** A file of this machine as the SDK reads it. Throws FILE_UNREADABLE; reading it, FILE_CHANGED. */
export async function inputFile(path: string): Promise<FileInput> {
  try {
    return fileAt(path);
  } catch (error) {
    throw asUnreadable(error, path);
  }
}

function fileAt(path: string): FileInput {
  const found = statSync(path);
  if (!found.isFile()) throw new CodedError('FILE_UNREADABLE', { file: basename(path) });
  return {
    name: basename(path),
    byteLength: found.size,
    read: async function* () {
      yield* piecesOf(path);
      const now = statSync(path);
      if (now.size !== found.size || now.mtimeMs !== found.mtimeMs || now.ino !== found.ino) {
        throw new CodedError('FILE_CHANGED', { file: basename(path) });
      }
    },
  };
}

function inputOf(name: string, bytes: Uint8Array): FileInput {
  return {
    name,
    byteLength: bytes.length,
    read: async function* () {
      yield bytes;
    },
  };
}

/** All of it at once: for what is known to be small. Throws as reading it. */
export async function wholeOf(input: FileInput): Promise<Uint8Array> {
  return new Uint8Array(await arrayBuffer(input.read()));
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      yield new Uint8Array(piece as Buffer);
    }
  } catch (error) {
    throw asUnreadable(error, path);
  }
}

/** Small files: cards, receipts, trust roots, codes. Throws FILE_UNREADABLE, with `maxBytes` for one that is larger. */
export function readSmallFile(path: string, maxBytes = 16 * 1024 * 1024): Uint8Array {
  try {
    const found = statSync(path);
    if (found.size > maxBytes) throw new CodedError('FILE_UNREADABLE', { maxBytes });
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw asUnreadable(error, path);
  }
}

/** A file of up to 1 MiB as UTF-8. Throws as `readSmallFile`. */
export function readSmallText(path: string): string {
  return Buffer.from(readSmallFile(path, 1024 * 1024)).toString('utf8');
}

function asUnreadable(error: unknown, path: string): CodedError {
  if (error instanceof CodedError) return error;
  return new CodedError('FILE_UNREADABLE', { file: basename(path) }, error);
}

/** Sealed bodies of large files lie here until their id is known; the folder goes with the process. */
export function fileSpool(home: string): Spool {
  return {
    open: async () => {
      mkdirSync(home, { recursive: true, mode: 0o700 });
      const folder = mkdtempSync(join(home, '.sealing-'));
      const path = join(folder, 'body');
      const leave = () => rmSync(folder, { recursive: true, force: true });
      process.once('exit', leave);
      const file = await open(path, 'wx', 0o600);
      return {
        write: async (piece) => {
          await file.write(piece);
        },
        read: () => Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>,
        discard: async () => {
          await file.close();
          process.off('exit', leave);
          leave();
        },
      };
    },
  };
}

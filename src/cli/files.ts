import { createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { CodedError } from '../primitives/errors.ts';
import type { FileInput, Spool } from '../sdk/index.ts';

/** What was typed or piped in, to its end. Throws INTERRUPTED. */
export async function standardInput(
  name: string,
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
  return inputOf(name, new Uint8Array(Buffer.concat(pieces)));
}

/** A file of this machine as the SDK reads it. Throws FILE_UNREADABLE. */
export async function inputFile(path: string): Promise<FileInput> {
  try {
    const found = statSync(path);
    if (!found.isFile()) throw new CodedError('FILE_UNREADABLE', { file: basename(path) });
    return {
      name: basename(path),
      byteLength: found.size,
      read: () => piecesOf(path),
    };
  } catch (error) {
    throw asUnreadable(error, path);
  }
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

async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      yield new Uint8Array(piece as Buffer);
    }
  } catch (error) {
    throw asUnreadable(error, path);
  }
}

/** Small files: cards, receipts, trust roots, codes. Throws FILE_UNREADABLE, FILE_TOO_LARGE. */
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

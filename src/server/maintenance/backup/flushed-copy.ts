import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CodedError } from '../../../primitives/errors.ts';
import { makeFolder } from '../../files.ts';

export interface Copied {
  readonly bytes: number;
  readonly sha256: string;
}

const pieceBytes = 1024 * 1024;

/** Copies a file that does not change meanwhile, flushed and readable by its owner alone. */
export async function copyFlushed(
  from: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<Copied> {
  const source = await open(from, 'r');
  try {
    makeFolder(dirname(to));
    const target = await open(to, 'w', 0o600);
    try {
      const copied = await hashed(source, signal, async (piece) => {
        let at = 0;
        while (at < piece.length) at += (await target.write(piece, at)).bytesWritten;
      });
      await target.sync();
      return copied;
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Flushes what somebody else wrote and says what it is. */
export async function flushAndHash(path: string, signal: AbortSignal | undefined): Promise<Copied> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
    return await hashed(file, signal, async () => {});
  } finally {
    await file.close();
  }
}

async function hashed(
  source: FileHandle,
  signal: AbortSignal | undefined,
  each: (piece: Uint8Array) => Promise<void>,
): Promise<Copied> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(pieceBytes);
  let bytes = 0;
  for (;;) {
    if (signal?.aborted === true) throw new CodedError('INTERRUPTED');
    const { bytesRead } = await source.read(buffer, 0, pieceBytes);
    if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
    const piece = buffer.subarray(0, bytesRead);
    hash.update(piece);
    await each(piece);
    bytes += bytesRead;
  }
}

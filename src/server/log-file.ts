import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { CodedError } from '../primitives/errors.ts';

export interface LogFileOptions {
  readonly path: string;
  /** A line that would pass it begins a new file. */
  readonly maxBytes: number;
  /** Older files that are kept: `path.1` is the newest of them. */
  readonly keep: number;
}

/** Where a log goes; closing it is its owner's. */
export interface LogFile {
  write(line: string): void;
  /** For those who moved the file away themselves (logrotate, SIGHUP). */
  reopen(): void;
  close(): void;
}

/**
 * A log in a file that its owner alone reads, turned over by size. A disk that is full costs lines, never the
 * server: how many is said with the next line that goes through. Throws what opening the file throws.
 * Source: docs/operations/logs.md.
 */
export function openLogFile({ path, maxBytes, keep }: LogFileOptions): LogFile {
  let { file, bytes } = openToAppend(path);
  let lost = 0;

  let isClosed = false;

  const append = (line: string) => {
    const encoded = Buffer.from(line);
    if (bytes > 0 && bytes + encoded.length > maxBytes) turnOver();
    // The whole line, or a new line before the next: a half one must not swallow it.
    const written = writeSync(file, encoded);
    bytes += written;
    if (written < encoded.length) throw new CodedError('DISK_FULL');
  };
  const turnOver = () => {
    rmSync(`${path}.${keep}`, { force: true });
    for (let n = keep - 1; n >= 1; n--) moveIfThere(`${path}.${n}`, `${path}.${n + 1}`);
    if (keep > 0) moveIfThere(path, `${path}.1`);
    else rmSync(path, { force: true });
    reopen();
  };
  const reopen = () => {
    // The new one first: when it cannot be had, the old one goes on.
    const opened = openToAppend(path);
    closeSync(file);
    ({ file, bytes } = opened);
  };
  return {
    write: (line) => {
      // Its number may be another file's by now.
      if (isClosed) return;
      try {
        if (lost > 0)
          append(
            `\n${JSON.stringify({ level: 'warn', time: new Date().toISOString(), lost, msg: 'log lines lost' })}\n`,
          );
        lost = 0;
        append(line);
      } catch {
        lost += 1;
      }
    },
    reopen: () => {
      if (isClosed) return;
      try {
        reopen();
      } catch {
        lost += 1;
      }
    },
    close: () => {
      if (!isClosed) closeSync(file);
      isClosed = true;
    },
  };
}

/** In UTF-16 units; what goes on is another line. */
const maxLineLength = 64 * 1024;
/** What would move the cursor of who reads the log at a terminal, or turn the direction of its text. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** What a process says, as lines of its log: a flood without an end of line costs no memory here. */
export function copyLines(stream: Readable, log: LogFile): void {
  let held = '';
  const write = (line: string) => log.write(`${line.replaceAll(unprintable, ' ')}\n`);
  stream.setEncoding('utf8');
  stream.on('data', (piece: string) => {
    const lines = (held + piece).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) write(line);
    if (held.length < maxLineLength) return;
    write(held);
    held = '';
  });
  stream.on('end', () => {
    if (held !== '') write(held);
  });
}

function openToAppend(path: string): { file: number; bytes: number } {
  const file = openSync(path, 'a', 0o600);
  return { file, bytes: fstatSync(file).size };
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (Reflect.get(Object(error), 'code') !== 'ENOENT') throw error;
  }
}

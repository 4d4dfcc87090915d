import { write, writeSync } from 'node:fs';

export interface LogStream {
  write(line: string): void;
  /** One try to write what waits, for a process that ends. */
  flushSync(): void;
}

/** In bytes: what waits for a disk that has room again; a line beyond it is lost. */
const mostWaiting = 1024 * 1024;
/** What one write is given. */
const mostAtOnce = 64 * 1024;
const againMs = 1_000;

/**
 * Lines on an open file, written behind and in their order. What cannot be written, as on a full disk or a full pipe, waits and is
 * tried again every second, up to a bound; beyond it lines are lost, and how many is said once what waited is written. It never
 * throws and never keeps the process running: Pino's own stream ends it by an uncaught `error`, and tries for ever as it exits.
 * Source: docs/operations/logs.md.
 */
export function openLogStream(file: number): LogStream {
  const waiting: Buffer[] = [];
  let bytes = 0;
  let lost = 0;
  let isWriting = false;
  let again: NodeJS.Timeout | undefined;

  const hold = (line: string) => {
    const encoded = Buffer.from(line);
    waiting.push(encoded);
    bytes += encoded.length;
  };
  const head = () => {
    const pieces: Buffer[] = [];
    let length = 0;
    for (const piece of waiting) {
      if (length > 0 && length + piece.length > mostAtOnce) break;
      pieces.push(piece);
      length += piece.length;
    }
    return Buffer.concat(pieces);
  };
  /** A half line goes on where it was cut. */
  const taken = (written: number) => {
    bytes -= written;
    let left = written;
    while (left > 0) {
      const [first] = waiting;
      if (first === undefined) return;
      if (first.length > left) {
        waiting[0] = first.subarray(left);
        return;
      }
      left -= first.length;
      waiting.shift();
    }
  };
  const sayLost = () => {
    if (lost === 0 || waiting.length > 0) return;
    hold(
      `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), lost, msg: 'log lines lost' })}\n`,
    );
    lost = 0;
  };
  const writeOn = () => {
    sayLost();
    if (isWriting || waiting.length === 0) return;
    isWriting = true;
    write(file, head(), (error, written) => {
      isWriting = false;
      if (error !== null) {
        again ??= setTimeout(() => {
          again = undefined;
          writeOn();
        }, againMs).unref();
        return;
      }
      taken(written);
      writeOn();
    });
  };
  return {
    write: (line) => {
      if (bytes + Buffer.byteLength(line) > mostWaiting) lost += 1;
      else hold(line);
      if (again === undefined) writeOn();
    },
    flushSync: () => {
      // What is on its way may come twice or not at all: nobody is left to be told.
      try {
        while (waiting.length > 0) taken(writeSync(file, head()));
      } catch {
        // No room, and nobody who could say so.
      }
    },
  };
}

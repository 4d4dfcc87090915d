import { spinner } from '@clack/prompts';
import { CodedError, isCoded } from '../primitives/errors.ts';
import { refusalText } from './choosing.ts';
import { harmlessJson, harmlessText, printable } from './harmless.ts';
import { refusalOf } from './refusal.ts';

export { exitCodeOf, refusalOf } from './refusal.ts';

/** How a command talks: stdout carries the result, stderr everything a person watches meanwhile. */
export interface Output {
  readonly json: boolean;
  /** One result: a JSON line, or the text that `describe` makes of it. */
  result(facts: Readonly<Record<string, unknown>>, describe: () => string): void;
  /** One line of a list that grows while the command runs. */
  line(facts: Readonly<Record<string, unknown>>, describe: () => string): void;
  /** The bytes of a file that was asked for on stdout: what the result says of it goes to stderr. Throws USAGE with --json. */
  bytes(bytes: Uint8Array): void;
  /** A remark for people; never on stdout. */
  note(text: string): void;
  /** What `--help` says: one JSON line, or text. */
  help(text: string): void;
  /** Why the command ended without a result; of a fault also where. */
  refused(error: CodedError, stack?: string): void;
  /** Shows what is going on once it has taken 300 ms; call the returned function when it is over. */
  progress(what: string): Progress;
}

export interface Progress {
  update(text: string): void;
  done(): void;
}

const shownAfterMs = 300;

const readOnlyCodes = new Set(['EACCES', 'EROFS', 'EPERM', 'ENOTDIR']);
/** Result codes of SQLite. */
const sqliteFull = 13;
const sqliteReadOnly = 8;
const sqliteCannotOpen = 14;

/** Errors of the platform that a person can do something about get their code; the rest is a fault. */
export function asCoded(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  const { code, errcode } = (error ?? {}) as {
    readonly code?: unknown;
    readonly errcode?: unknown;
  };
  if (code === 'ENOSPC' || code === 'EDQUOT' || errcode === sqliteFull)
    return new CodedError('DISK_FULL', {}, error);
  if (code === 'EADDRINUSE') return new CodedError('PORT_BUSY', {}, error);
  const isReadOnly = typeof code === 'string' && readOnlyCodes.has(code);
  if (isReadOnly || errcode === sqliteReadOnly || errcode === sqliteCannotOpen) {
    return new CodedError('HOME_READ_ONLY', {}, error);
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return new CodedError('INTERRUPTED', {}, error);
  }
  return new CodedError('INTERNAL', {}, error);
}

/** For what a command does without where it fails: a fault, and Ctrl-C, stop it all the same. */
export function unlessInterrupted(error: unknown): undefined {
  if (!isCoded(error) || isCoded(error, 'INTERRUPTED')) throw error;
  return undefined;
}

/** Shows that something is going on while `work` runs. */
export async function during<T>(
  output: Output,
  what: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  const progress = output.progress(what);
  try {
    return await work(progress);
  } finally {
    progress.done();
  }
}

/** Where text goes. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Bytes as they are; missing: `out` shows text alone, as a terminal does. */
  readonly bytes?: ((bytes: Uint8Array) => void) | undefined;
  /** A person sits before `err` and sees a spinner turn. */
  readonly isLive?: boolean;
}

export const processStreams: Streams = {
  out: (text) => {
    process.stdout.write(text);
  },
  err: (text) => {
    try {
      process.stderr.write(text);
    } catch {
      // A remark that finds no room, as on a full disk, ends nothing: what was asked for goes to stdout.
    }
  },
  isLive: process.stderr.isTTY === true,
  get bytes() {
    if (process.stdout.isTTY === true) return undefined;
    return (bytes: Uint8Array) => {
      process.stdout.write(bytes);
    };
  },
};

/**
 * The one way to the terminal: JSON lines, or text. Whatever a command prints passes through `harmless.ts` here, so
 * that nothing that somebody typed steers the terminal of whoever reads it.
 */
export function createOutput(json: boolean, streams: Streams = processStreams): Output {
  const err = (text: string) => streams.err(harmlessText(text));
  let isTaken = false;
  const write = (text: string) =>
    isTaken ? err(`${text}\n`) : streams.out(`${json ? harmlessJson(text) : harmlessText(text)}\n`);
  const print = (facts: Readonly<Record<string, unknown>>, describe: () => string) =>
    write(json ? JSON.stringify(facts) : describe());
  return {
    json,
    result: (facts, describe) => print({ ok: true, ...facts }, describe),
    line: print,
    bytes: (bytes) => {
      if (json) throw new CodedError('USAGE', { out: '- is not for --json' });
      isTaken = true;
      // A file steers no terminal either.
      if (streams.bytes === undefined)
        streams.out(harmlessText(Buffer.from(bytes).toString('utf8')));
      else streams.bytes(bytes);
    },
    note: (text) => err(`${text}\n`),
    help: (text) => write(json ? JSON.stringify({ ok: true, help: text }) : text),
    refused: (error, stack) => {
      if (json) write(JSON.stringify(refusalOf(error)));
      else err(`${refusalText(error)}\n`);
      if (stack !== undefined) err(`${stack}\n`);
    },
    progress: (what) => startProgress(what, { ...streams, err }),
  };
}

function startProgress(what: string, { err, isLive }: Streams): Progress {
  let text = what;
  let shown: ReturnType<typeof spinner> | undefined;
  let lastPlain = 0;
  const timer = setTimeout(() => {
    if (isLive === true) {
      shown = spinner({ output: process.stderr });
      shown.start(printable(text));
    } else {
      err(`${text} ...\n`);
      lastPlain = Date.now();
    }
  }, shownAfterMs);
  timer.unref();
  return {
    update: (next) => {
      text = `${what}: ${next}`;
      shown?.message(printable(text));
      // Without a terminal a line every five seconds is enough to see that it lives.
      if (lastPlain > 0 && Date.now() - lastPlain > 5_000) {
        err(`${text} ...\n`);
        lastPlain = Date.now();
      }
    },
    done: () => {
      clearTimeout(timer);
      shown?.clear();
    },
  };
}

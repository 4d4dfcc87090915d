import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readBeat } from './beat.ts';
import type { Report, Work } from './child.ts';

/** One line of `npm run fuzz`. */
export interface Line {
  readonly target: string;
  readonly inputs: number;
  readonly crashes: number;
  readonly seconds: number;
  readonly slowestMs: number;
  readonly peakMiB: number;
  /** Inputs that reached something new, and the seeds. */
  readonly corpus: number;
  readonly found: readonly string[];
}

export interface Find {
  readonly target: string;
  readonly sign: string;
  readonly text: string;
  /** Undefined: the target broke before its first input. */
  readonly input: Uint8Array | undefined;
}

interface Order extends Omit<Work, 'beat'> {
  /** Answers where the input was written to. */
  readonly keep: (find: Find) => string;
}

/** An input that runs for so long hangs: the process is ended and the input kept. */
const hangMs = 20_000;
const readyMs = 120_000;
const maxHeapMiB = 512;

/** Runs one target in a process of its own, which may loop for ever or run out of memory without harm. */
export async function supervise({ keep, ...work }: Order): Promise<Line> {
  const { target } = work;
  const folder = mkdtempSync(join(tmpdir(), 'salus-fuzz-'));
  const beat = join(folder, 'beat');
  const child = fork(
    fileURLToPath(new URL('./child.ts', import.meta.url)),
    [JSON.stringify({ ...work, beat } satisfies Work)],
    {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${maxHeapMiB}`, '--no-deprecation'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    },
  );
  const started = Date.now();
  const found: string[] = [];
  const report = (sign: string, text: string, input = readBeat(beat)?.input): void => {
    found.push(keep({ target, sign, text, input }));
  };
  let done: Extract<Report, { kind: 'done' }> | undefined;
  let ready = false;
  let hangs = false;
  let seen = 0;
  let seenAt = Date.now();
  const watch = setInterval(() => {
    const count = readBeat(beat)?.count ?? 0;
    if (count !== seen) seenAt = Date.now();
    seen = count;
    if (hangs || Date.now() - seenAt < (ready ? hangMs : readyMs)) return;
    hangs = true;
    child.kill('SIGKILL');
  }, 500);
  child.on('message', (message: Report) => {
    if (message.kind === 'found') report(message.sign, message.text, message.input);
    else if (message.kind === 'ready') {
      ready = true;
      seenAt = Date.now();
    } else done = message;
  });
  const how = await new Promise<string>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? String(code)));
  });
  clearInterval(watch);
  if (done === undefined) {
    if (hangs) report('hang', `nothing came back for ${ready ? hangMs : readyMs} ms`);
    else report('process ended', `ended by ${how}: out of memory, or an error that nobody caught`);
  } else if (hangs || how !== '0') report('no end', `did its work but did not close: ${how}`);
  const {
    inputs = readBeat(beat)?.count ?? 0,
    slowestMs = 0,
    peakMiB = 0,
    corpus = 0,
  } = done ?? {};
  const seconds = done?.seconds ?? Math.round((Date.now() - started) / 100) / 10;
  rmSync(folder, { recursive: true });
  return { target, inputs, crashes: found.length, seconds, slowestMs, peakMiB, corpus, found };
}

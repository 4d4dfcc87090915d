import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../src/cli/command-line.ts';
import type { Terminal } from '../../src/cli/surroundings.ts';
import { CodedError } from '../../src/primitives/errors.ts';
import { cheapPassphrases } from '../wallet-store.ts';

/** The command line inside the test's own process. What only a real process shows is in `process.ts`. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export const passphrase = 'a passphrase for tests';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** A person who answers; missing: nobody sits there. */
  readonly terminal?: Terminal;
  /** How a command starts the program once more. */
  readonly command?: readonly string[];
  /** Another clock, or zone, than this machine's. */
  readonly now?: () => number;
  readonly zone?: string;
}

export type Json = Readonly<Record<string, unknown>>;

export function temporaryHome(): string {
  return mkdtempSync(join(tmpdir(), 'salus-cli-'));
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** What the tests set, and nothing of the shell that runs them. */
export function environment(options: RunOptions): Readonly<Record<string, string>> {
  return {
    ...(options.home !== undefined && { SALUS_HOME: options.home }),
    SALUS_PASSPHRASE: passphrase,
    ...options.env,
  };
}

/** A command at work, in this process or in one of its own: what it said so far, and its end. */
export class Working {
  readonly ended: Promise<Ran>;
  readonly #stop: () => void;
  readonly #waiting = new Set<() => void>();
  #stdout = '';
  #stderr = '';

  constructor(begin: (working: Working) => { code: Promise<number>; stop: () => void }) {
    const { code, stop } = begin(this);
    this.#stop = stop;
    this.ended = code.then((it) => ({ code: it, stdout: this.#stdout, stderr: this.#stderr }));
  }

  readonly out = (text: string): void => {
    this.#stdout += text;
    this.#hear();
  };

  readonly err = (text: string): void => {
    this.#stderr += text;
    this.#hear();
  };

  #hear(): void {
    for (const look of this.#waiting) look();
  }

  /** The first line with --json that fits, also one said before this was asked. Fails when the command ends without. */
  line(fits: (facts: Json) => boolean): Promise<Json> {
    return this.#until(() => {
      const whole = this.#stdout.slice(0, this.#stdout.lastIndexOf('\n') + 1);
      return linesOf(whole).find(fits);
    });
  }

  /** What was printed for people and fits. */
  text(pattern: RegExp): Promise<string> {
    return this.#until(() => pattern.exec(this.#stdout)?.[0]);
  }

  /** A remark for people. */
  async remark(words: string): Promise<void> {
    await this.#until(() => this.#stderr.includes(words) || undefined);
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    const seen = look();
    if (seen !== undefined) return seen;
    let again: () => void = () => {};
    const heard = new Promise<T>((resolve) => {
      again = () => {
        const found = look();
        if (found !== undefined) resolve(found);
      };
      this.#waiting.add(again);
    });
    const over = this.ended.then((ran) =>
      assert.fail(`ended with ${ran.code}: ${ran.stdout}${ran.stderr}`),
    );
    try {
      return await Promise.race([heard, over]);
    } finally {
      this.#waiting.delete(again);
    }
  }

  /** Ctrl-C. */
  stop(): Promise<Ran> {
    this.#stop();
    return this.ended;
  }
}

export function start(args: readonly string[], options: RunOptions = {}): Working {
  return new Working(({ out, err }) => {
    const ctrlC = new AbortController();
    const surroundings = {
      out,
      err,
      stdin: Readable.from([Buffer.from(options.stdin ?? '')]),
      env: environment(options),
      terminal: options.terminal,
      ...(options.command !== undefined && { command: options.command }),
      now: options.now,
      zone: options.zone,
      passphrases: cheapPassphrases,
    };
    return {
      code: runCommandLine(args, surroundings, ctrlC.signal),
      stop: () => ctrlC.abort(new CodedError('INTERRUPTED')),
    };
  });
}

export function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return start(args, options).ended;
}

/** With --json: every line of stdout is a JSON object, whatever happened. */
export function linesOf(stdout: string): Json[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const value: unknown = JSON.parse(line);
      assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), line);
      return value as Json;
    });
}

/** Runs with --json and gives the one result; fails on a refusal. */
export async function salus(args: readonly string[], options: RunOptions = {}): Promise<Json> {
  const ran = await run([...args, '--json'], options);
  const lines = linesOf(ran.stdout);
  assert.equal(ran.code, 0, `${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
  const last = lines.at(-1);
  assert.equal(last?.ok, true, ran.stdout);
  return last;
}

/** The lines of a list before its last one, which says `ok, count, more`. */
export async function recordLines(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Json[]> {
  const ran = await run([...args, '--json'], options);
  assert.equal(ran.code, 0, `${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
  const lines = linesOf(ran.stdout);
  const last = lines.pop();
  assert.deepEqual([last?.ok, last?.count], [true, lines.length], ran.stdout);
  return lines;
}

/** Runs with --json and expects this refusal and exit code. */
export async function refused(
  args: readonly string[],
  expected: { readonly code: string; readonly exit: number },
  options: RunOptions = {},
): Promise<Json> {
  const ran = await run([...args, '--json'], options);
  const last = linesOf(ran.stdout).at(-1);
  const found = { code: last?.code, exit: ran.code };
  assert.deepEqual(found, expected, `${args.join(' ')}: ${ran.stdout}${ran.stderr}`);
  assert.equal(last?.ok, false);
  assert.equal(typeof last?.sentence, 'string');
  assert.equal(typeof last?.kind, 'string');
  return last ?? {};
}

export interface Running {
  readonly ready: Json;
  /** Ctrl-C. */
  readonly stop: () => Promise<Ran>;
}

/** `salus up` until its line `ready`; without one the test fails with what it said. */
export async function up(home: string, args: readonly string[] = []): Promise<Running> {
  const working = start(['up', '--json', '--port', '0', ...args], { home });
  const ready = await working.line((facts) => facts.ready === true);
  return { ready, stop: () => working.stop() };
}

export function text(facts: Json, name: string): string {
  const value = facts[name];
  assert.equal(typeof value, 'string', `${name} in ${JSON.stringify(facts)}`);
  return String(value);
}

export function list(facts: Json, name: string): readonly Json[] {
  const value = facts[name];
  assert.ok(Array.isArray(value), `${name} in ${JSON.stringify(facts)}`);
  return value as readonly Json[];
}

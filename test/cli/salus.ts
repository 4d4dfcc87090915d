import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The real command line in real processes: what the tests of this folder run. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'bin', 'salus.mjs');

export const passphrase = 'a passphrase for tests';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function temporaryHome(): string {
  return mkdtempSync(join(tmpdir(), 'salus-cli-'));
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

export interface RunOptions {
  readonly home?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly nodeArgs?: readonly string[];
}

function environment(options: RunOptions): NodeJS.ProcessEnv {
  const { SALUS_HOME: _home, SALUS_PASSPHRASE: _passphrase, ...env } = process.env;
  return {
    ...env,
    ...(options.home !== undefined && { SALUS_HOME: options.home }),
    SALUS_PASSPHRASE: passphrase,
    ...options.env,
  };
}

export function start(args: readonly string[], options: RunOptions = {}): ChildProcess {
  return spawn(process.execPath, [...(options.nodeArgs ?? []), bin, ...args], {
    cwd: root,
    env: environment(options),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return finished(start(args, options), options.stdin ?? '');
}

export function finished(child: ChildProcess, stdin = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ code: code ?? (signal === null ? -1 : 128), stdout, stderr }),
    );
    child.stdin?.end(stdin);
  });
}

export type Json = Readonly<Record<string, unknown>>;

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
  readonly child: ChildProcess;
  /** Ctrl-C. */
  readonly stop: () => Promise<Ran>;
}

/** `salus up` until its line `ready`; without one the test fails with what it said. */
export async function up(home: string, args: readonly string[] = []): Promise<Running> {
  const child = start(['up', '--json', '--port', '0', ...args], { home });
  const ended = finished(child);
  const ready = await Promise.race([
    firstLine(child),
    ended.then((ran) => assert.fail(`up ended with ${ran.code}: ${ran.stdout}${ran.stderr}`)),
  ]);
  return {
    ready,
    child,
    stop: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<Json> {
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    lines.close();
    return linesOf(line)[0] ?? {};
  }
  return new Promise(() => undefined);
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

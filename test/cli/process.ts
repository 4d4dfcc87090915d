import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { environment, type RunOptions, root, Working } from './salus.ts';

/** The real command in a process of its own: `bin/salus.mjs`, its streams, its signals, its exit code. */
export function startProcess(args: readonly string[], options: RunOptions = {}): Working {
  return startProgram(process.execPath, [join(root, 'bin', 'salus.mjs'), ...args], options);
}

/** `stdin` undefined: somebody who types nothing. */
export function startProgram(
  program: string,
  args: readonly string[],
  options: RunOptions & { readonly stopWith?: NodeJS.Signals } = {},
): Working {
  const { SALUS_HOME: _home, SALUS_PASSPHRASE: _passphrase, ...env } = process.env;
  const child = spawn(program, args, {
    cwd: root,
    env: { ...env, ...environment(options) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (options.stdin !== undefined) child.stdin.end(options.stdin);
  return new Working(({ out, err }) => {
    child.stdout.setEncoding('utf8').on('data', out);
    child.stderr.setEncoding('utf8').on('data', err);
    const code = new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (exit, signal) => resolve(exit ?? (signal === null ? -1 : 128)));
    });
    return { code, stop: () => child.kill(options.stopWith ?? 'SIGINT') };
  });
}

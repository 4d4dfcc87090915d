import { spawnSync } from 'node:child_process';

/** A command that did not do what it was to do, with what it said. */
export class ShellFailure extends Error {}

export interface ShellOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly boundMs?: number;
}

/** Runs a program to its end and gives what it said on stdout. Throws ShellFailure. */
export function shell(
  program: string,
  args: readonly string[],
  { cwd, env, boundMs = 300_000 }: ShellOptions = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: boundMs,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
  });
  if (status === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n');
  const why = error?.message ?? `exit code ${status}`;
  throw new ShellFailure(`${program} ${args.join(' ').slice(0, 400)}: ${why}\n${said}`);
}

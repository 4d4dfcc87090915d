import { setTimeout as pause } from 'node:timers/promises';

/** Until it holds; a test that waits in vain is ended by its own time. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(50);
}

/** As a person confirms her mail address: she waits for the letter, and types its code. Returns what she typed. */
export async function confirmByLetter(
  run: (...args: readonly string[]) => Promise<unknown>,
  as: string,
  codeInNewest: () => string | undefined | Promise<string | undefined>,
): Promise<string> {
  let code: string | undefined;
  await until(async () => {
    code = await codeInNewest();
    return code !== undefined;
  });
  await run('alerts', 'confirm', String(code), '--as', as);
  return String(code);
}

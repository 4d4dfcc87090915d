import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openLogStream } from './log-stream.ts';
import { createLogger } from './logging.ts';

const folder = mkdtempSync(join(tmpdir(), 'salus-log-stream-'));
after(() => rmSync(folder, { recursive: true }));

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('lines are written whole and in their order', async () => {
  const path = join(folder, 'log');
  const log = createLogger({ destination: openLogStream(openSync(path, 'a')) });
  for (let n = 0; n < 500; n++) log.info({ n }, 'line');
  await until(() => readFileSync(path, 'utf8').split('\n').length === 501);
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { readonly n: number }).n),
    Array.from({ length: 500 }, (_, n) => n),
  );
});

/**
 * A file that may have so many KiB, as a disk that is full: a write that passes it ends short, and the next fails. The process
 * lifts the bound itself, as an operator makes room.
 */
function inProcess(script: string): { readonly said: string; readonly status: number | null } {
  const path = join(folder, `full-${Math.random()}`);
  const modules = ['./logging.ts', './log-stream.ts'].map((it) => new URL(it, import.meta.url));
  const program = `
    import { execFileSync } from 'node:child_process';
    import { openSync } from 'node:fs';
    const { createLogger } = await import(${JSON.stringify(modules[0])});
    const { openLogStream } = await import(${JSON.stringify(modules[1])});
    const file = openSync(${JSON.stringify(path)}, 'a');
    const stream = openLogStream(file);
    const log = createLogger({ destination: stream });
    const bound = (bytes) => execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=' + bytes]);
    ${script}`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { said: existsSync(path) ? readFileSync(path, 'utf8') : stderr, status };
}

test('without room lines wait, then are lost and counted; with room again all of it is said', (t) => {
  if (spawnSync('prlimit', ['--version']).status !== 0) return t.diagnostic('no prlimit here');
  const { said, status } = inProcess(`
    bound('4096:unlimited');
    log.info('first');
    for (let n = 1; n <= 2000; n++) log.info({ n, long: 'x'.repeat(1000) }, 'more');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    bound('unlimited:unlimited');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    log.info('last');
    await new Promise((resolve) => setTimeout(resolve, 200));`);
  assert.equal(status, 0);
  const lines = said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  const kept = lines.filter(({ msg }) => msg === 'more').length;
  assert.ok(kept > 500 && kept < 2000, `${kept}`);
  assert.equal(lines[0]?.msg, 'first');
  assert.deepEqual([lines.at(-2)?.msg, lines.at(-2)?.lost], ['log lines lost', 2000 - kept]);
  assert.equal(lines.at(-1)?.msg, 'last');
});

test('a process whose log has no room ends when it is told to', (t) => {
  if (!existsSync('/dev/full')) return t.diagnostic('no /dev/full here');
  const program = `
    import { createLogger } from ${JSON.stringify(new URL('./logging.ts', import.meta.url))};
    const log = createLogger();
    log.info('never seen');
    setTimeout(() => { log.info('nor this'); process.exit(7); }, 50);`;
  const { status } = spawnSync(
    '/bin/sh',
    ['-c', 'exec "$0" --input-type=module -e "$1" 2> /dev/full', process.execPath, program],
    { timeout: 20_000 },
  );
  assert.equal(status, 7);
});

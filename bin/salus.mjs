#!/usr/bin/env node
// Finds the pinned Node and runs the command line on it. Plain JavaScript, so that any Node can start it.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// A checkout runs its sources, but where it was built since the last change of any; the package has `dist` alone.
const source = join(root, 'src', 'cli', 'salus.ts');
const built = join(root, 'dist', 'bin', 'salus.js');
const main = existsSync(source) && !isNewer(built) ? source : built;
const [major, minor] = process.versions.node.split('.').map(Number);
const newEnough = major > 24 || (major === 24 && minor >= 7);

/** Whether it was built after every source was written; a file or folder that went changes its folder. */
function isNewer(file) {
  return existsSync(file) && isOlder(join(root, 'src'), statSync(file).mtimeMs);
}

/** A folder with all in it. By hand, since `recursive` of `readdirSync` takes two and a half times as long. */
function isOlder(folder, thanMs) {
  return (
    statSync(folder).mtimeMs < thanMs &&
    readdirSync(folder, { withFileTypes: true }).every((it) => {
      const path = `${folder}/${it.name}`;
      return it.isDirectory() ? isOlder(path, thanMs) : statSync(path).mtimeMs < thanMs;
    })
  );
}

/** The Node that this package brings as a dependency, where there is one for this machine. */
function pinnedNode() {
  try {
    const name = `node-${process.platform}-${process.arch}`;
    return createRequire(import.meta.url).resolve(`${name}/bin/node`);
  } catch {
    return undefined;
  }
}

const words = process.argv.slice(2).filter((word) => word !== '--json');
const asksHelp = words.length === 0 || ['help', '--help', '-h'].includes(words[0] ?? '');

const pinned = newEnough ? process.execPath : pinnedNode();
// Which commands there are stands in a file, for a Node that does not run them.
if (pinned === undefined && asksHelp) {
  const help = readFileSync(join(root, 'bin', 'help.txt'), 'utf8').trimEnd();
  const json = process.argv.includes('--json');
  process.stdout.write(`${json ? JSON.stringify({ ok: true, help }) : help}\n`);
  process.exit(0);
}
if (pinned === undefined) {
  const found = process.versions.node;
  const sentence = `This Node is too old for Salus: it needs 24.7 or newer, found ${found}. Run "npm start" once: it brings its own.`;
  const refusal = { ok: false, code: 'NODE_TOO_OLD', kind: 'unavailable', sentence };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(refusal)}\n`);
  else process.stderr.write(`${sentence} (NODE_TOO_OLD)\n`);
  process.exit(5);
}
// What was compiled once is not compiled again: half of what a command takes. In this folder, not one that others may
// write to; where it cannot be written, each run compiles.
const compiled = join(root, '.cache', 'compiled');
if (newEnough) {
  module.enableCompileCache?.(compiled);
  process.argv[1] = main;
  await import(main);
} else {
  const env = { NODE_COMPILE_CACHE: compiled, ...process.env };
  const child = spawn(pinned, [main, ...process.argv.slice(2)], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
}

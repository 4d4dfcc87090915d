#!/usr/bin/env node
// Finds the pinned Node and runs the command line on it. Plain JavaScript, so that any Node can start it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
// A checkout runs its sources, also where it was built once; the package has `dist` alone.
const source = join(root, 'src', 'cli', 'salus.ts');
const main = existsSync(source) ? source : join(root, 'dist', 'cli', 'salus.js');
const [major, minor] = process.versions.node.split('.').map(Number);
const newEnough = major > 24 || (major === 24 && minor >= 7);

/** The Node that this package brings as a dependency, where there is one for this machine. */
function pinnedNode() {
  try {
    const name = `node-${process.platform}-${process.arch}`;
    return createRequire(import.meta.url).resolve(`${name}/bin/node`);
  } catch {
    return undefined;
  }
}

const pinned = newEnough ? process.execPath : pinnedNode();
if (pinned === undefined) {
  const found = process.versions.node;
  const sentence = `This Node is too old for Salus: it needs 24.7 or newer, found ${found}. Run "npm start" once: it brings its own.`;
  const refusal = { ok: false, code: 'NODE_TOO_OLD', kind: 'unavailable', sentence };
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(refusal)}\n`);
  else process.stderr.write(`${sentence} (NODE_TOO_OLD)\n`);
  process.exit(5);
}
if (newEnough) {
  process.argv[1] = main;
  await import(main);
} else {
  const child = spawn(pinned, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
}

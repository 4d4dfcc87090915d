import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './packed.ts';

/** The last of line 20 that is served as a platform package. */
const pinned = '20.20.2';

/**
 * A Node of line 20, the oldest that checks receipts: one of the machine's own, else the platform package,
 * installed once into `.cache`. It cannot be a development dependency, since both lines bring the same
 * `node` and only one can lie on the path of npm scripts.
 */
export function node20(): string {
  found ??= ownNode20() ?? fetched();
  return found;
}

let found: string | undefined;

function ownNode20(): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .find(isLine20);
}

function isLine20(path: string): boolean {
  if (!existsSync(path)) return false;
  return execFileSync(path, ['--version'], { encoding: 'utf8' }).startsWith('v20.');
}

/** Throws when no package fits this machine or none can be fetched: the test fails, it is not skipped. */
function fetched(): string {
  const folder = join(root, '.cache', 'node-20');
  const name = `node-${process.platform}-${process.arch}`;
  const path = join(folder, 'node_modules', name, 'bin', 'node');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${pinned}`];
    execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  if (!isLine20(path)) throw new Error(`no Node 20 for ${process.platform} ${process.arch}`);
  return path;
}

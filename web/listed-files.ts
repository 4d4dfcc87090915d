import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** The script that keeps the files: the one whose name is always the same. */
export const keeperName = 'service-worker.js';

/** When a build is done, the list of its files is put before the script that keeps them in a browser. */
export function listedFiles(folder: string): Plugin {
  return {
    name: 'salus-listed-files',
    apply: 'build',
    closeBundle: { order: 'post', handler: () => listFiles(folder) },
  };
}

/**
 * Puts the list of a build's files, each with its SHA-256, in the first line of that script, in place of a list of before:
 * sorted, so that the same sources give the same bytes. The page stands as `/`, as it is served.
 */
export function listFiles(folder: string): void {
  const keeper = join(folder, keeperName);
  const script = readFileSync(keeper, 'utf8').replace(/^const salusBuild=.*\n/u, '');
  const files = Object.fromEntries(kept(folder).map((it) => [pathOf(it), hashOf(folder, it)]));
  const id = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 32);
  writeFileSync(keeper, `const salusBuild=${JSON.stringify({ id, files })};\n${script}`);
}

/** Every browser that runs this app reads the shorter kind of font file. */
function kept(folder: string): readonly string[] {
  const assets = readdirSync(join(folder, 'assets')).map((it) => `assets/${it}`);
  return ['index.html', 'mark.svg', ...assets].filter((it) => !it.endsWith('.woff')).sort();
}

const pathOf = (name: string): string => (name === 'index.html' ? '/' : `/${name}`);

const hashOf = (folder: string, name: string): string =>
  createHash('sha256')
    .update(readFileSync(join(folder, name)))
    .digest('hex');

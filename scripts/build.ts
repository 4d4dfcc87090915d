// What others get, into `dist`: the sources compiled one by one with their types, `./receipt` as one file
// that needs nothing of Node, the two single-file verifiers, and the command line. The same sources give the same bytes.
// Types are the business of `npm run check`; here they are written out. `--out FOLDER` builds elsewhere.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildCommandLine } from './build-command-line.ts';
import { buildReceiptModule, buildVerifiers } from './build-single-files.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({ options: { out: { type: 'string', default: 'dist' } } });
const out = resolve(root, values.out);

/** Browser and servers at once: which of them a file may see is checked elsewhere. */
async function compile(): Promise<void> {
  const tsc = join('node_modules', 'typescript-native', 'bin', 'tsc');
  const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', out, '--noCheck'];
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error('the sources do not compile');
}

/**
 * The compiler rewrites `.ts` in imports; not in declarations, nor in the addresses of workers. And what is
 * built has names of its own for the platform's two files: `#hash` leads a checkout to its sources.
 */
function mendSpecifiers(): void {
  for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(js|d\.ts)$/.test(name)) continue;
    const file = join(out, name);
    const text = readFileSync(file, 'utf8');
    const mended = text
      .replaceAll(/(from '|import\("|import\(')#(hash|platform)(?=['"])/g, '$1#built/$2')
      .replaceAll(/((?:from |import\()['"]\.[^'"]*)\.ts(?=['"])/g, '$1.js')
      .replaceAll(/(new URL\('\.[^']*)\.ts(?=', import\.meta\.url\))/g, '$1.js');
    if (mended !== text) writeFileSync(file, mended);
  }
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await compile();
mendSpecifiers();
await buildReceiptModule(out);
await buildCommandLine(out);
await buildVerifiers(out);

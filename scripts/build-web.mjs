// Builds the web app into web/dist when what it is made of has changed since: a second or two, said on stderr.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const mark = join(root, 'web', 'dist', '.built-from');

/** SHA-256 over every file that the app is made of, and the lock that pins the rest. */
function sourcesHash() {
  const hash = createHash('sha256');
  const paths = globSync(
    [
      'web/{src,words,public}/**/*.*',
      'web/*.*',
      'src/{codes,primitives,crypto,ledger,api,sdk,storage,wings}/**/*.ts',
    ],
    { cwd: root, exclude: (name) => String(name).endsWith('.test.ts') },
  ).sort();
  for (const path of [...paths, 'package-lock.json']) {
    hash.update(`${path}\0`);
    hash.update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

const hash = sourcesHash();
if (process.argv.includes('--always') || !existsSync(mark) || readFileSync(mark, 'utf8') !== hash) {
  process.stderr.write('Salus: building the web app ...\n');
  const started = performance.now();
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [
    vite,
    'build',
    '--config',
    join(root, 'web', 'vite.config.ts'),
    '--logLevel',
    'warn',
  ];
  const { status } = spawnSync('node', args, { cwd: join(root, 'web'), stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    process.stderr.write('Salus: the web app could not be built; what stands above says why.\n');
    process.exit(1);
  }
  writeFileSync(mark, hash);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stderr.write(`Salus: the web app was built in ${seconds} s.\n`);
}

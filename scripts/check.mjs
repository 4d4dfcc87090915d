// The one check: format and lint, types for every part, who may import whom, unused code, fast tests.
// Every step runs even when an earlier one failed, so that one run shows all there is to mend.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = 'node_modules/typescript-native/bin/tsc';
const steps = [
  [
    'format and lint',
    ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  ],
  ['types: servers and tests', [tsc, '-p', 'tsconfig.json']],
  ['types: pure parts', [tsc, '-p', 'tsconfig.pure.json']],
  ['types: browser parts', [tsc, '-p', 'tsconfig.browser.json']],
  [
    'import rules',
    [
      'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      'src',
      'test',
    ],
  ],
  ['unused code', ['node_modules/knip/bin/knip.js']],
  ['fast tests', ['--test', '--test-reporter=dot', 'src/**/*.test.ts']],
];

const failed = [];
for (const [name, args] of steps) {
  if (process.argv.includes('--no-tests') && name === 'fast tests') continue;
  const started = Date.now();
  const { status } = spawnSync('node', args, { cwd: root, stdio: 'inherit' });
  process.stdout.write(
    `${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${Date.now() - started} ms)\n`,
  );
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  process.stdout.write(`\ncheck failed: ${failed.join(', ')}\n`);
  process.exit(1);
}

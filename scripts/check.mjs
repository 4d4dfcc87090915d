// The one check: format and lint, types for every part, who may import whom, unused code, fast tests.
// Every step runs even when an earlier one failed, so that one run shows all there is to mend.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { timed } from './cpu.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = 'node_modules/typescript-native/bin/tsc';
/** What the last run found out about files that have not changed since is not found out again. */
const types = (config) => [
  ...[tsc, '-p', `${config}.json`, '--incremental'],
  ...['--tsBuildInfoFile', `.cache/types/${config}.tsbuildinfo`],
];
const steps = [
  [
    'format and lint',
    ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  ],
  ['types: servers and tests', types('tsconfig')],
  ['types: pure parts', types('tsconfig.pure')],
  ['types: browser parts', types('tsconfig.browser')],
  ['types: web app', types('web/tsconfig')],
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
  ['unused code', ['node_modules/knip/bin/knip.js', '--cache', '--cache-location', '.cache/knip']],
  // Those of test.mjs that open no whole server; which of them cost most stands below their counts.
  ['fast tests', ['scripts/test.mjs', '--fast', '--test-reporter=./scripts/slowest.mjs']],
];
/** Seconds of CPU of all steps together: what somebody waits for who checks before each commit. */
const budgetSeconds = 60;

const failed = [];
let spentSeconds = 0;
for (const [name, args] of steps) {
  if (process.argv.includes('--no-tests') && name === 'fast tests') continue;
  const { result, took, cpuSeconds } = timed(() =>
    spawnSync('node', args, { cwd: root, stdio: 'inherit' }),
  );
  spentSeconds += cpuSeconds ?? 0;
  process.stdout.write(`${result.status === 0 ? 'ok    ' : 'FAILED'} ${name} (${took})\n`);
  if (result.status !== 0) failed.push(name);
}
if (spentSeconds > budgetSeconds) {
  const spent = spentSeconds.toFixed(0);
  process.stdout.write(`\n${spent} s of CPU; on an idle machine it shall be ${budgetSeconds}\n`);
}
if (failed.length > 0) {
  process.stdout.write(`\ncheck failed: ${failed.join(', ')}\n`);
  process.exit(1);
}

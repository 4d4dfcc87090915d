// Runs tests: all of them, or those that are named.
//   npm test                                   all
//   npm test -- src/ledger/codec.test.ts       this file
//   npm run t -- consents                      every file with this in its path
//   npm run t -- consents --name "a frozen"    of these, the tests with this in their name
//   npm run t -- --watch consents              again whenever something that they import is saved
// What begins with -- and is not named here goes to `node --test` as it stands.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const flags = [];
const words = [];
const args = process.argv.slice(2);
while (args.length > 0) {
  const arg = args.shift();
  // Escaped: the name of a test is a sentence, not a pattern.
  if (arg === '--name') flags.push(`--test-name-pattern=${RegExp.escape(args.shift() ?? '')}`);
  else if (arg.startsWith('--')) flags.push(arg);
  else words.push(arg.replace(/^\.\//, ''));
}
const all = globSync('{src,test}/**/*.test.ts', { cwd: root }).sort();
const files = words.length === 0 ? all : all.filter((file) => words.some((it) => file.includes(it)));
if (files.length === 0) {
  process.stderr.write(`No test file has ${words.join(' or ')} in its path.\n`);
  process.exit(2);
}

// A test file is a process: compiled code that is kept spares each of them a third of its work.
const env = { NODE_COMPILE_CACHE: join(root, '.cache', 'compiled'), ...process.env };
const { status } = spawnSync('node', ['--test', ...flags, ...files], {
  cwd: root,
  env,
  stdio: 'inherit',
});
process.exit(status ?? 1);

// Runs tests: all of them, or those that are named.
//   npm test                                     all
//   npm test -- src/ledger/codec.test.ts         this file
//   npm run t -- consents                        every file with this in its path
//   npm run t -- FILE --name "a frozen account"  in it, the tests with this in their name
//   npm run t -- --watch consents                again whenever something that they import is saved
//   npm run t -- --fast                          those of `npm run check`
// What else begins with -- goes to `node --test` as it stands.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** In these rooms, the tests beside the files open whole ledgers, servers and stores on a disk: not for `--fast`. */
const slowRooms = ['/engines/', '/gateway/', '/storage/file/'];
const isFast = (file) => file.startsWith('src/') && !slowRooms.some((room) => file.includes(room));

const flags = [];
const words = [];
let files = globSync('{src,test}/**/*.test.ts', { cwd: root }).sort();
const args = process.argv.slice(2);
while (args.length > 0) {
  const arg = args.shift();
  if (arg === '--fast') files = files.filter(isFast);
  // Escaped, because the name of a test is a sentence and no pattern.
  else if (arg === '--name') {
    const name = (args.shift() ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    // Where no test has the name, Node opens what `before` opens and never comes to `after`.
    flags.push(`--test-name-pattern=${name}`, '--test-force-exit');
  } else if (arg.startsWith('--')) flags.push(arg);
  else words.push(arg.replace(/^\.\//, '').replace(`${root}/`, ''));
}
if (words.length > 0) files = files.filter((file) => words.some((word) => file.includes(word)));
if (files.length === 0) {
  process.stderr.write(`No test file has ${words.join(' or ')} in its path.\n`);
  process.exit(2);
}

// A test file is a process of its own: compiled code that is kept spares each a third of its start.
const env = { NODE_COMPILE_CACHE: join(root, '.cache', 'compiled'), ...process.env };
const { status } = spawnSync('node', ['--test', ...flags, ...files], {
  cwd: root,
  env,
  stdio: 'inherit',
});
process.exit(status ?? 1);

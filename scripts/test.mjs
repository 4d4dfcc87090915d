// Runs tests: all of them, or those that are named.
//   npm test                                     all but the attacks
//   npm run test:attacks                         the attacks: test/attacks
//   npm run test:large                           what is large by nature: *.test-large.ts, each in its process
//   npm test -- src/ledger/codec.test.ts         this file
//   npm run t -- consents                        every file with this in its path
//   npm run t -- FILE --name "a frozen account"  in it, the tests with this in their name
//   npm run t -- --watch consents                again whenever something that they import is saved
//   npm run t -- --fast                          those of `npm run check`
//   npm test -- --cpu                            and says which files and tests cost most
// What else begins with -- goes to `node --test` as it stands.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { timed } from './cpu.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** In these rooms, the tests beside the files open whole ledgers, servers and stores on a disk: not for `--fast`. */
const slowRooms = ['/engines/', '/gateway/', '/storage/file/', '/storage/ipfs/'];
/** A wing's screens, in a real browser. */
const isOfBrowser = (file) => /\/web(-[a-z]+)?\.test\.ts$/u.test(file);
const isFast = (file) =>
  file.startsWith('src/') && !isOfBrowser(file) && !slowRooms.some((room) => file.includes(room));

/**
 * Files that share a process, one after the other, when many run: a server's modules are loaded and compiled once
 * for all of them. Each is a suite there, so that its hooks are its own. A browser shares nothing, and stays
 * alone.
 */
const together = [
  isFast,
  (file) => /^(src|test\/(architecture|fuzz|model|vectors))\//.test(file) && !isOfBrowser(file),
  (file) => /^test\/(attacks|cli|e2e)\//.test(file),
  (file) => file.startsWith('test/operations/'),
];

/** What `node --test` is given: of each group the one file that imports all of them, and those that are in none. */
function gathered(files) {
  const folder = join(root, '.cache', 'together');
  mkdirSync(folder, { recursive: true });
  const groups = new Map();
  const alone = [];
  for (const file of files) {
    const at = together.findIndex((holds) => holds(file));
    if (at < 0) alone.push(file);
    else groups.set(at, [...(groups.get(at) ?? []), file]);
  }
  const gatherings = [...groups].map(([at, group]) => {
    const suites = group.map((file) => `  ['${file}', () => import('../../${file}')],`);
    const path = join(folder, `${at}.mjs`);
    const head = "import { gather } from '../../scripts/gather.mjs';";
    writeFileSync(path, [head, 'gather([', ...suites, ']);', ''].join('\n'));
    return path;
  });
  return [...gatherings, ...alone];
}

/** Several times what all tests together have in their folders at once. */
const leastBytesInMemory = 2 * 1024 ** 3;

const flags = [];
const words = [];
// What lies in `fixtures` is copied to where it runs.
let files = globSync('{src,test}/**/*.{test,test-large}.ts', {
  cwd: root,
  exclude: ['test/fixtures/**'],
}).sort();
let mayGather = true;
let tellsCosts = false;
/** Played against whole towns, a third of all that tests cost: a command of their own, and a step of `.ci/run`. */
const isAttack = (file) => file.startsWith('test/attacks/');
/** What shows its rule only when there is much of it: a command of its own and a step of `.ci/run`, too. */
const isLarge = (file) => file.endsWith('.test-large.ts');
let mayBeLarge = false;
let wanted = (file) => !isAttack(file);
const args = process.argv.slice(2);
while (args.length > 0) {
  const arg = args.shift();
  if (arg === '--fast') wanted = isFast;
  else if (arg === '--attacks') wanted = isAttack;
  else if (arg === '--large') mayBeLarge = true;
  else if (arg === '--cpu') tellsCosts = true;
  // Escaped, because the name of a test is a sentence and no pattern.
  else if (arg === '--name') {
    // The name of a suite is a path, and would be searched too.
    mayGather = false;
    const name = (args.shift() ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    // Where no test has the name, Node opens what `before` opens and never comes to `after`.
    flags.push(`--test-name-pattern=${name}`, '--test-force-exit');
  } else if (arg.startsWith('--')) {
    flags.push(arg);
    // Again runs what was changed, and not all that runs with it.
    if (arg.startsWith('--watch')) mayGather = false;
  } else words.push(arg.replace(/^\.\//, '').replace(`${root}/`, ''));
}
if (words.some((word) => word.includes('.test-large'))) mayBeLarge = true;
if (words.length > 0) wanted = (file) => words.some((word) => file.includes(word));
files = files.filter((file) => wanted(file) && isLarge(file) === mayBeLarge);
if (files.length === 0) {
  process.stderr.write(`No test file has ${words.join(' or ')} in its path.\n`);
  process.exit(2);
}

// One file alone has its process, and needs no telling which it was.
if (mayGather && !mayBeLarge && (words.length === 0 || tellsCosts)) files = gathered(files);

// Compiled code that is kept spares each process a third of its start.
const env = { NODE_COMPILE_CACHE: join(root, '.cache', 'compiled'), ...process.env };
const memory = folderInMemory();
if (memory !== undefined) env.TMPDIR = memory;
const costs = join(root, '.cache', 'test-cpu.jsonl');
if (tellsCosts) {
  mkdirSync(dirname(costs), { recursive: true });
  rmSync(costs, { force: true });
  env.SALUS_TEST_CPU = costs;
}
// A larger nursery: servers that come and go in one process leave much that dies young. And what hangs, a page that
// never answers, is a failure with a name and not a run without an end.
const limits = ['--max-semi-space-size=64', `--test-timeout=${20 * 60_000}`];
const nodeArgs = [...limits, '--test', ...flags, ...files];
const { result, took } = timed(() =>
  spawnSync('node', nodeArgs, { cwd: root, env, stdio: 'inherit' }),
);
if (memory !== undefined) rmSync(memory, { recursive: true, force: true });
if (tellsCosts) tellCosts(took);
process.exit(result.status ?? 1);

/**
 * Where tests make their folders: in memory, if there is room. Whole hospitals write and flush there for each of them,
 * and what a flush costs on a disk proves nothing: that it is asked for, and in which order, is what tests hold, and
 * `npm run crash` what a disk keeps. Undefined where the system has no such place, or TMPDIR names another.
 */
function folderInMemory() {
  const shared = '/dev/shm';
  if (process.env.TMPDIR !== undefined) return undefined;
  try {
    const { bavail, bsize } = statfsSync(shared);
    if (bavail * bsize < leastBytesInMemory) return undefined;
    accessSync(shared, constants.W_OK);
    sweep(shared);
    return mkdtempSync(join(shared, `salus-tests-${process.pid}-`));
  } catch {
    return undefined;
  }
}

/** What runs that were interrupted have left takes memory: it goes. */
function sweep(shared) {
  for (const name of readdirSync(shared)) {
    const [, pid] = /^salus-tests-(\d+)-/.exec(name) ?? [];
    if (pid === undefined) continue;
    try {
      process.kill(Number(pid), 0);
    } catch ({ code }) {
      if (code === 'ESRCH') rmSync(join(shared, name), { recursive: true, force: true });
    }
  }
}

/** The dearest files, then the dearest tests, in seconds of CPU with the processes that they start. */
function tellCosts(took) {
  process.stdout.write(
    `\nAll: ${took}. Of it, where files shared a process, with what they started:\n`,
  );
  if (!existsSync(costs)) return;
  const lines = readFileSync(costs, 'utf8').trim().split('\n');
  const all = lines.map((line) => JSON.parse(line)).sort((a, b) => b.seconds - a.seconds);
  const tell = (rows) => {
    for (const { seconds, file, test = '' } of rows.slice(0, 40)) {
      process.stdout.write(`${seconds.toFixed(2).padStart(7)} s  ${file}  ${test}\n`);
    }
  };
  tell(all.filter(({ test }) => test === undefined));
  tell(all.filter(({ test }) => test !== undefined));
}

// Makes a bare checkout ready: installs what the lock file names (install scripts off) when it has
// changed, then makes sure that the scripts that follow run on a new enough Node. Plain JavaScript
// that Node 18 understands, because it runs before the pinned Node is there.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const modules = join(root, 'node_modules');
const mark = join(modules, '.salus-ready');
const floor = [24, 7];

function stop(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

if (Number(process.versions.node.split('.')[0]) < 18) {
  stop(`Salus needs Node 18 or newer to install itself; this is Node ${process.versions.node}.`);
}

const lockHash = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const ready = existsSync(mark) && readFileSync(mark, 'utf8') === lockHash;
if (!ready) {
  process.stderr.write(
    'Salus: first run, installing the pinned packages (about half a minute) ...\n',
  );
  const npm = process.env.npm_execpath;
  // Not `npm ci`, which removes what is there first: an interrupted or changed install goes on from where it is.
  // What the lock names is installed at its version and held to its integrity.
  const args = [
    'install',
    '--no-save',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const [command, list] = npm ? [process.execPath, [npm, ...args]] : ['npm', args];
  const done = spawnSync(command, list, { cwd: root, stdio: ['ignore', 2, 'inherit'] });
  if (done.status !== 0) {
    stop(
      'Salus: the packages could not be installed. Is the disk full, the folder read-only, or the network away? npm says more above.',
    );
  }
  try {
    writeFileSync(mark, lockHash);
  } catch {
    stop('Salus: node_modules cannot be written to. Make the folder writable and try again.');
  }
}

// `node` on the path of npm scripts is node_modules/.bin/node where the platform package fits.
let version = process.versions.node;
const pinned = join(modules, '.bin', 'node');
try {
  version = execFileSync(existsSync(pinned) ? pinned : 'node', ['--version'], { encoding: 'utf8' })
    .trim()
    .slice(1);
} catch {
  // The pinned binary does not run here: the version of the caller decides below.
}
const [major = 0, minor = 0] = version.split('.').map(Number);
if (major < floor[0] || (major === floor[0] && minor < floor[1])) {
  stop(
    `Salus needs Node ${floor.join('.')} or newer; found ${version}. On Linux x64 and arm64 it brings its own; elsewhere install Node 24.`,
  );
}

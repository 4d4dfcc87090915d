// `npm run model:python`: the independent model of the formats (test/python) against the vectors. It needs
// Python 3.11 or newer with venv or pip; what it installs lies in .cache, by exact version and hash.
// Ends with 5 when Python or its packages are not to be had: that is no verdict about the formats.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const tests = join(root, 'test', 'python');
const requirements = join(tests, 'requirements.txt');
const python = process.env.PYTHON ?? 'python3';

function unavailable(sentence) {
  process.stderr.write(`model:python: ${sentence}\n`);
  process.exit(5);
}

function run(command, args, options = {}) {
  return spawnSync(command, args, { encoding: 'utf8', ...options });
}

const facts = run(python, [
  '-c',
  'import sys, platform; print(sys.version_info >= (3, 11), platform.machine(), *sys.version_info[:2], sep="-")',
]);
if (facts.status !== 0) unavailable(`needs Python 3.11 or newer; there is no ${python} here.`);
const [isNewEnough, ...version] = facts.stdout.trim().split('-');
if (isNewEnough !== 'True') {
  unavailable(`needs Python 3.11 or newer; ${python} is ${version.slice(1).join('.')}.`);
}

// A folder for these exact packages and this Python: another pin or another Python is another folder.
const mark = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
const packages = join(root, '.cache', 'model-python', `${version.join('-')}-${mark}`);
if (!existsSync(packages)) install();

const verdict = run(python, ['-m', 'unittest', ...process.argv.slice(2)], {
  cwd: tests,
  stdio: 'inherit',
  env: { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' },
});
process.exit(verdict.status ?? 1);

/** A virtual environment gives pip where Debian leaves it out of python3; the packages lie beside it. */
function install() {
  const building = `${packages}.part`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { recursive: true });
  const environment = join(building, 'venv');
  const made = run(python, ['-m', 'venv', environment]).status === 0;
  const pip = made ? join(environment, 'bin', 'python') : python;
  if (run(pip, ['-m', 'pip', '--version']).status !== 0) {
    unavailable('needs pip or venv beside Python (on Debian: apt-get install python3-venv).');
  }
  const target = join(building, 'packages');
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input'];
  const exact = ['--require-hashes', '--only-binary', ':all:', '--target', target];
  const done = run(pip, [...args, ...exact, '-r', requirements], { stdio: ['ignore', 2, 2] });
  if (done.status !== 0)
    unavailable('its pinned packages could not be installed; pip says why above.');
  renameSync(target, packages);
  rmSync(building, { recursive: true, force: true });
}

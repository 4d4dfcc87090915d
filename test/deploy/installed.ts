import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../cli/salus.ts';
import { debian, inside } from './debian.ts';
import { Page } from './documents.ts';
import { shell } from './shell.ts';

const cache = join(root, '.cache', 'deploy');
const deploy = new Page('deploy/README.md');

/**
 * The root of a Debian machine on which somebody did what "Installing" says, with the commit that this checkout stands at; made
 * once for what of it a machine has. Throws ShellFailure.
 */
export function installed(): string {
  const made = join(cache, `installed-${committed().slice(0, 12)}`);
  if (existsSync(made)) return made;
  spawnSync('sh', ['-c', 'rm -rf "$0"/installed-*', cache]);
  const partial = join(cache, 'installed.partial');
  rmSync(partial, { recursive: true, force: true });
  cpSync(debian(), partial, { recursive: true, verbatimSymlinks: true });
  // A clone of its own, which the machine takes for the repository on the network.
  const repository = join(cache, 'repository');
  rmSync(repository, { recursive: true, force: true });
  shell('git', ['clone', '-q', '--bare', root, repository]);
  mkdirSync(join(partial, 'repository'), { recursive: true });
  const commands = deploy.commands('git clone REPOSITORY').replace('REPOSITORY', '/repository');
  inside(partial, `git config --global --add safe.directory '*'\n${commands}`, {
    [repository]: '/repository',
  });
  renameSync(partial, made);
  return made;
}

/** Hash of all that is installed, as it was committed. */
function committed(): string {
  const installed = ['src', 'web', 'bin', 'scripts', 'deploy', 'package.json', 'package-lock.json'];
  const tree = shell('git', ['ls-tree', 'HEAD', ...installed], { cwd: root });
  return createHash('sha256').update(tree).digest('hex');
}

import { spawnSync } from 'node:child_process';
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
 * once for each commit. Throws ShellFailure.
 */
export function installed(): string {
  const commit = shell('git', ['rev-parse', 'HEAD'], { cwd: root }).trim();
  const made = join(cache, `installed-${commit.slice(0, 12)}`);
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

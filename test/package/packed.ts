import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** The package as somebody else has it: packed, and installed in a folder that knows nothing of this one. */
export interface Installed {
  /** The folder of the program that uses Salus. */
  readonly folder: string;
  /** Where the package lies in it. */
  readonly salus: string;
  readonly tarball: Uint8Array;
  readonly remove: () => void;
}

/**
 * `npm pack`, which builds first, and what `npm install` does with its file: unpacks it into `node_modules`.
 * The packages that it depends on are links to those of this checkout, so no registry is asked.
 */
export async function installPacked(): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), 'salus-package-'));
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', folder];
  const { npm_execpath: npm, npm_config_json: _, ...env } = process.env;
  const [command, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  await run(command, [...first, ...args], { cwd: root, env });
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (name === undefined) throw new Error('npm pack left no file');
  const tarball = join(folder, name);
  const modules = join(folder, 'node_modules');
  const salus = join(modules, '@salus', 'salus');
  mkdirSync(salus, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', salus, '--strip-components', '1']);
  linkDependencies(modules);
  return {
    folder,
    salus,
    tarball: readFileSync(tarball),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** What the package says that it needs and nothing else, beside it: a dependency it forgot is not found. */
function linkDependencies(modules: string): void {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  // What types of Node and a compiler a program has is its own affair; ours are lent to it.
  const lent = ['@types/node'];
  const { dependencies, optionalDependencies } = manifest;
  for (const name of [...Object.keys({ ...dependencies, ...optionalDependencies }), ...lent]) {
    const [scope] = name.split('/');
    if (name.startsWith('@') && scope !== undefined) {
      mkdirSync(join(modules, scope), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
}

/** Every file below a folder with its bytes, to hold two builds against each other. */
export function filesBelow(folder: string): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(path.slice(folder.length), readFileSync(path));
  }
  return found;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever its exit code is. */
export async function ran(
  node: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Ran> {
  const child = run(node, args, { ...options, maxBuffer: 64 * 1024 * 1024 });
  try {
    const { stdout, stderr } = await child;
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { stdout, stderr, code } = error as Ran;
    if (typeof code !== 'number') throw error;
    return { code, stdout, stderr };
  }
}

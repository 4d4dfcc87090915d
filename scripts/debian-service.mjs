// Finds a service that Debian packages: on this machine, or unpacked into .cache from the package. Nothing is installed and no script of a
// package runs.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const services = join(dirname(fileURLToPath(import.meta.url)), '..', '.cache', 'services');
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * `{folder}` that holds the `programs`, or `{reason}`. `debian`: the package, or several; `folders`: where it puts its programs, if not into usr/bin
 * (then they are not on the PATH where it is installed); `hasLibraries`: what it needs and this machine does not have is unpacked beside it;
 * `release`: the first number of the only version that will do.
 */
export function debianService({ name, debian, programs, folders, hasLibraries = false, release }) {
  const packages = [debian].flat();
  const holds = (folder) => programs.every((it) => existsSync(join(folder, it)));
  const within = (cwd) => globSync(folders ?? 'usr/bin', { cwd }).map((it) => join(cwd, it));
  const onPath = (process.env.PATH ?? '').split(delimiter);
  const installed = folders === undefined ? onPath : [...onPath, ...within('/')];
  const ofMachine = isInstalled(packages, release) ? installed.find(holds) : undefined;
  if (ofMachine !== undefined) return { folder: ofMachine };
  const cache = join(services, release === undefined ? name : `${name}-${release}`);
  const unpacked = within(cache).find(holds);
  if (unpacked !== undefined) return { folder: unpacked };
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(join(cache, 'partial'), { recursive: true });
  const reason = fetched(packages, { cache, hasLibraries, release });
  if (reason !== undefined) return { reason };
  const folder = within(cache).find(holds);
  return folder ? { folder } : { reason: `no ${programs.join(', ')} in the package` };
}

/** Where any version will do, programs say that they are there. */
function isInstalled(packages, release) {
  if (release === undefined) return true;
  const { status, stdout } = spawnSync('dpkg-query', ['-W', ...packages], { encoding: 'utf8' });
  return (
    status === 0 &&
    stdout
      .trim()
      .split('\n')
      .every((it) => it.split('\t')[1]?.startsWith(`${release}.`))
  );
}

/** undefined, or why the packages are not unpacked. apt holds them to the signed list of their archive. */
function fetched(packages, { cache, hasLibraries, release }) {
  const lists = release === undefined ? [] : listsWithBackports(packages, cache, release);
  let reason = lists.length === 0 ? undefined : failureOf('apt-get', ['update', ...lists]);
  // With what it needs, it is the installer that fetches, and goes no further.
  const fetching = hasLibraries
    ? [
        ...['install', '--download-only', '--yes', '--no-install-recommends'],
        ...['-o', `Dir::Cache::archives=${cache}`, '-o', 'Debug::NoLocking=1'],
      ]
    : ['download'];
  reason ??= failureOf('apt-get', [...fetching, ...lists, ...packages], cache);
  for (const file of globSync('*.deb', { cwd: cache })) {
    reason ??= failureOf('dpkg-deb', ['-x', file, '.'], cache);
    rmSync(join(cache, file));
  }
  rmSync(join(cache, 'apt'), { recursive: true, force: true });
  return reason;
}

/** Options of apt: lists of its own, of this Debian and its backports, from which one release of these packages alone is taken. */
function listsWithBackports(packages, cache, release) {
  const apt = join(cache, 'apt');
  mkdirSync(join(apt, 'lists', 'partial'), { recursive: true });
  const sources = join(apt, 'debian.list');
  writeFileSync(sources, sourcesWithBackports());
  const preferences = join(apt, 'preferences');
  const pins = packages.map((it) => [
    `Package: ${it}\nPin: version ${release}.*\nPin-Priority: 990\n`,
    `Package: ${it}\nPin: version *\nPin-Priority: -1\n`,
  ]);
  writeFileSync(preferences, pins.flat().join('\n'));
  return Object.entries({
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '/dev/null/',
    'Dir::Etc::Preferences': preferences,
    'Dir::State::Lists': join(apt, 'lists'),
    'Dir::Cache::pkgcache': join(apt, 'packages.bin'),
    'Dir::Cache::srcpkgcache': join(apt, 'sources.bin'),
  }).flatMap(([option, value]) => ['-o', `${option}=${value}`]);
}

/** Lines for apt: Debian alone, from where this machine has it, and its backports. */
function sourcesWithBackports() {
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const format = '$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)';
  const { stdout } = spawnSync('apt-get', ['indextargets', '--format', format], {
    encoding: 'utf8',
  });
  const line = (uri, suite) => `deb [signed-by=${keyring}] ${uri} ${suite} main\n`;
  return [...(stdout ?? '').matchAll(/^Packages main (\S+) (\S+)$/gm)]
    .filter(([, suite]) => suite === codename || suite.startsWith(`${codename}-`))
    .flatMap(([, suite, uri]) => [
      line(uri, suite),
      ...(suite === codename ? [line(uri, `${codename}-backports`)] : []),
    ])
    .join('');
}

/** What a program that failed said last, in one line; undefined: it did not fail. */
export function failureOf(program, args, cwd) {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status === 0) return undefined;
  const said = (error?.message ?? stderr).trim().split('\n').at(-1);
  return `${program} ${args[0]}: ${said === '' ? `exit code ${status}` : said}`;
}

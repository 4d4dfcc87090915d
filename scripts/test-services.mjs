// Runs the tests that need a service which is no npm package: npm run test:services [-- NAME... --matrix --all]
// With names these services alone. --matrix: also the other versions of CometBFT that the adapter is held to.
// A service is the one on the PATH, or else Debian's package, unpacked into .cache, or a Go module of this repository, built
// into .cache: nothing is installed and no script of a package runs. What cannot be had is named with the reason. Exit code 0 says that all tests that ran passed, and
// that some ran; with --all also that no service was missing.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianService, failureOf } from './debian-service.mjs';
import { builtGo, installedGo } from './go-service.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
/**
 * Name, and one of: Debian's package (or several), the folder of a Go module to build (`go`), a program of a Go module elsewhere (`goProgram`, in its
 * version); the programs that the tests start. `folders`: where the package puts them, if not into usr/bin. `hasLibraries`: what it needs and this machine does not
 * have is unpacked beside it. `release`: the only one that will do, which may come from the backports of this Debian. `lacks`: what this machine cannot do for it.
 */
const services = [
  { name: 'prometheus', debian: 'prometheus', programs: ['prometheus', 'promtool'] },
  { name: 'firefox', debian: 'firefox-esr', programs: ['firefox-esr'], hasLibraries: true },
  // The package of the broker puts it into usr/sbin, beside the clients' usr/bin.
  {
    name: 'mosquitto',
    debian: ['mosquitto-clients', 'mosquitto'],
    programs: ['mosquitto_pub', 'mosquitto_sub'],
    hasLibraries: true,
  },
  // Not on the PATH where Debian's package is installed: clients alone are.
  {
    name: 'postgres',
    debian: 'postgresql',
    programs: ['postgres', 'initdb'],
    folders: 'usr/lib/postgresql/*/bin',
    hasLibraries: true,
  },
  // It runs in a mount namespace of its own: root on Linux. Debian 12 has 6.8, whose TLS does not work with its OpenSSL 3 (Debian bug 1037359).
  {
    name: 'smtp',
    debian: 'opensmtpd',
    release: '7',
    programs: ['smtpd'],
    folders: 'usr/sbin',
    hasLibraries: true,
    lacks: () => failureOf('unshare', ['--mount', 'true']),
  },
  {
    name: 'cometbft',
    goProgram: 'github.com/cometbft/cometbft/cmd/cometbft@v0.38.26',
    programs: ['cometbft'],
  },
  // What depends on a version: what the node says to the application, and what its files and answers look like.
  ...['v0.38.25', 'v0.40.0'].map((version) => ({
    name: `cometbft-${version}`,
    goProgram: `github.com/cometbft/cometbft/cmd/cometbft@${version}`,
    programs: ['cometbft'],
    tests: ['engine', 'failpoints', 'governance', 'light'].map((it) => `cometbft-${it}`),
    isMatrix: true,
  })),
  { name: 'ipfs-peer', go: 'test/services/ipfs-peer' },
];
const args = process.argv.slice(2);
const named = args.filter((it) => !it.startsWith('--'));
const unknown = named.find((it) => services.every(({ name }) => name !== it));
if (unknown !== undefined) {
  process.stderr.write(
    `no such service: ${unknown}; there are ${services.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}
/** A version of the matrix runs when it is named, or with the version that ours is. */
const isChosen = ({ name, isMatrix = false }) =>
  named.includes(name) ||
  (isMatrix
    ? args.includes('--matrix') && (named.length === 0 || named.includes('cometbft'))
    : named.length === 0);

/** `{folder}` that holds the programs, or `{reason}`. */
function found({ lacks, go, goProgram, ...service }) {
  const lacking = lacks?.();
  if (lacking !== undefined) return { reason: lacking };
  const { name } = service;
  if (go !== undefined) return builtGo({ name, source: go });
  if (goProgram !== undefined) return installedGo({ name, program: goProgram });
  return debianService(service);
}

const missing = [];
let ran = 0;
let failed = 0;
for (const service of services.filter(isChosen)) {
  const { name, tests = [service.name] } = service;
  const { folder, reason } = found(service);
  if (folder === undefined) {
    missing.push(`not run: ${name} (${reason})`);
    continue;
  }
  const { status } = spawnSync(
    'node',
    [
      '--test',
      ...tests
        .flatMap((it) => [`test/services/**/${it}`, `src/wings/*/test/**/${it}`])
        .map((it) => `${it}*.test-service.ts`),
    ],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, SALUS_SERVICE: folder },
    },
  );
  ran += 1;
  if (status !== 0) failed += 1;
  process.stdout.write(`${status === 0 ? 'passed' : 'FAILED'}: ${name} (${folder})\n`);
}
for (const line of missing) process.stdout.write(`${line}\n`);
process.stdout.write(`services: ${ran} ran, ${failed} failed, ${missing.length} not run\n`);
const mustAll = args.includes('--all');
process.exit(failed > 0 || ran === 0 || (mustAll && missing.length > 0) ? 1 : 0);

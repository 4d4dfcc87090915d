import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from '../cli/salus.ts';
import { shell } from './shell.ts';

/** As an administrator sets up a Debian machine before he has heard of Salus. */
const packages = [
  ...['systemd', 'systemd-sysv', 'dbus', 'ca-certificates', 'git', 'sudo', 'curl', 'openssl'],
  ...['iproute2', 'netbase', 'procps', 'nginx-light'],
];

const cache = join(root, '.cache', 'deploy');

/** The root of a Debian machine with Node and npm, made once and kept. Throws ShellFailure. */
export function debian(): string {
  const made = join(cache, 'debian');
  if (existsSync(made)) return made;
  const partial = join(cache, 'debian.partial');
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const asked = ['--variant=minbase', `--include=${packages.join()}`, 'bookworm', partial];
  shell('debootstrap', [...asked, ...mirror()], { boundMs: 600_000 });
  addNode(partial);
  trustAsHere(partial);
  renameSync(partial, made);
  return made;
}

/** Where this machine gets Debian's packages; none: where debootstrap does. */
function mirror(): readonly string[] {
  const lists = globSync('/etc/apt/sources.list.d/*.sources').map((it) => readFileSync(it, 'utf8'));
  const found = /^URIs:\s*(https?:\S+)\s*$/m.exec(lists.find((it) => /debian/.test(it)) ?? '')?.[1];
  return found === undefined ? [] : [found];
}

/** The Node that this checkout brings, and the npm of this machine. */
function addNode(debian: string): void {
  const local = join(debian, 'usr', 'local');
  const name = `node-${process.platform}-${process.arch}`;
  const node = createRequire(import.meta.url).resolve(`${name}/bin/node`);
  cpSync(node, join(local, 'bin', 'node'));
  const npm = dirname(dirname(realpathSync(shell('sh', ['-c', 'command -v npm']).trim())));
  cpSync(npm, join(local, 'lib', 'node_modules', 'npm'), { recursive: true });
  for (const program of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${program}-cli.js`, join(local, 'bin', program));
  }
}

const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** Whom this machine trusts and where it gets packages: a network may have a proxy of its own. */
function trustAsHere(debian: string): void {
  if (existsSync(certificates)) cpSync(certificates, join(debian, certificates));
  for (const file of ['/root/.npmrc', '/etc/npmrc', '/usr/etc/npmrc']) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8').replaceAll(/^nodedir=.*\n?/gm, '');
    const to = file === '/usr/etc/npmrc' ? '/usr/local/etc/npmrc' : file;
    mkdirSync(dirname(join(debian, to)), { recursive: true });
    writeFileSync(join(debian, to), text);
  }
}

/** What a program needs to reach registries from in there. */
export const outside = {
  ...{ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/go/bin' },
  ...{ HOME: '/root', LANG: 'C.UTF-8' },
  ...{ NODE_EXTRA_CA_CERTS: certificates, SSL_CERT_FILE: certificates },
};

/** Runs commands as root in a Debian root, on the network of this machine, with folders of this machine in it. */
export function inside(
  debian: string,
  commands: string,
  folders: Readonly<Record<string, string>> = {},
): void {
  const proxies = Object.entries(process.env).filter(([name]) =>
    /^(https?_proxy|no_proxy|GOPROXY|GOFLAGS|GOSUMDB)$/i.test(name),
  ) as [string, string][];
  const binds = Object.entries(folders).flatMap(([from, to]) => ['--ro-bind', from, to]);
  shell(
    'bwrap',
    [
      ...['--bind', debian, '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'],
      ...['--ro-bind', '/etc/resolv.conf', '/etc/resolv.conf'],
      ...(existsSync('/etc/hosts') ? ['--ro-bind', '/etc/hosts', '/etc/hosts'] : []),
      ...binds,
      ...['/bin/sh', '-euxc', commands],
    ],
    { env: { ...outside, ...Object.fromEntries(proxies) }, boundMs: 600_000 },
  );
}

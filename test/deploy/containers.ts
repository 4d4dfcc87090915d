import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../cli/salus.ts';
import { debian } from './debian.ts';
import { Page } from './documents.ts';
import { until } from './reached.ts';
import { shell } from './shell.ts';

const page = new Page('deploy/README.md');
const passphrase = 'a passphrase that somebody types';

/** The image of the container file, one hospital in it, and four; by `deploy/README.md` alone. */
export async function containers(folder: string, say: (what: string) => void): Promise<void> {
  const podman = new Podman(folder);
  try {
    say('a base image of Debian, in place of the two that are named and may be out of reach');
    const repository = baseImages(podman, folder);
    say('the container file');
    const [build = '', ...alone] = page.commands('podman build').split('\n');
    const bases = '--build-arg NODE_IMAGE=localhost/node --build-arg GO_IMAGE=localhost/golang';
    podman.run(build.replace('podman build', `podman build --network host ${bases}`), repository);
    say('one hospital: found, up, backup');
    const [found = '', up = '', backup = ''] = alone;
    podman.run(found, folder);
    podman.run(up, folder);
    await until(() =>
      podman.run('curl -sf http://127.0.0.1:7420/st-anna-hospital/v1/headers/latest', folder),
    );
    await until(() => podman.run('podman healthcheck run salus', folder));
    podman.run(backup, folder);
    podman.run('podman stop salus && podman start salus', folder);
    await until(() => podman.run('curl -sf http://127.0.0.1:7420/health', folder));
    assert.match(podman.run('podman logs salus 2>&1 || true', folder), /./);
    podman.run('podman rm -f salus', folder);

    say('four hospitals by the compose file');
    writeFileSync(join(folder, 'members.json'), page.json('"host": "st-anna"'));
    const four = page
      .commands('podman-compose -f')
      .replace('/opt/salus/deploy/compose.yaml', join(repository, 'deploy/compose.yaml'));
    podman.run(`export HOMES="$PWD/homes"\n${four}`, folder);
    for (const [number, short] of ['st-anna', 'bern', 'chur', 'davos'].entries()) {
      const url = `http://127.0.0.1:${7431 + number}/${short}/v1/headers/latest`;
      await until(() => podman.run(`curl -sf ${url}`, folder));
    }
    const created = await until(() =>
      podman.run(
        'podman exec -e SALUS_PASSPHRASE deploy_st-anna_1 node_modules/.bin/salus person create operator --hospital st-anna --role operator --json',
        folder,
      ),
    );
    assert.match(created, /"account":"[0-9a-f]{64}"/);
  } finally {
    podman.close();
  }
}

/** The images that the container file builds on, with what those of their names have; and a clone of this commit. */
function baseImages(podman: Podman, folder: string): string {
  const path =
    'PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const base = debian();
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  const env = `-c 'ENV ${path}' -c 'ENV NODE_EXTRA_CA_CERTS=${certificates}' -c 'ENV SSL_CERT_FILE=${certificates}'`;
  const proxy = shell('go', ['env', 'GOPROXY']).trim();
  podman.run(`tar -C '${base}' -c . | podman import ${env} - localhost/bare`, folder);
  const go = shell('go', ['env', 'GOROOT']).trim();
  const files = join(folder, 'bases');
  mkdirSync(files);
  // Node's own image has this user, as the container file says.
  writeFileSync(
    join(files, 'node'),
    'FROM localhost/bare\nRUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node\n',
  );
  writeFileSync(
    join(files, 'golang'),
    `FROM localhost/bare\nENV GOPROXY=${proxy} HOME=/root\nCOPY . /usr/local/go\n`,
  );
  podman.run(`podman build -q -f '${files}/node' -t localhost/node '${files}'`, folder);
  podman.run(`podman build -q -f '${files}/golang' -t localhost/golang '${go}'`, folder);
  const repository = join(folder, 'salus');
  shell('git', ['clone', '-q', root, repository]);
  return repository;
}

/** podman with images and settings of its own, and what a machine that is a container itself cannot give left out. */
class Podman {
  readonly #env: Readonly<Record<string, string>>;
  readonly #folder: string;
  /** Holds the mounts of all commands: what one of them mounts for a container's network, another takes down. */
  readonly #holder: string;

  constructor(folder: string) {
    this.#folder = folder;
    const at = (name: string) => join(folder, name);
    writeFileSync(
      at('storage.conf'),
      `[storage]\ndriver = "overlay"\ngraphroot = "${at('graph')}"\nrunroot = "${at('runs')}"\n`,
    );
    writeFileSync(
      at('containers.conf'),
      '[containers]\ncgroups = "disabled"\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n',
    );
    this.#env = {
      ...(process.env as Record<string, string>),
      CONTAINERS_STORAGE_CONF: at('storage.conf'),
      CONTAINERS_CONF: at('containers.conf'),
      SALUS_PASSPHRASE: passphrase,
    };
    this.#holder = holdMounts(at('held'));
  }

  run(commands: string, folder: string): string {
    const script = `cd '${folder}'\n${commands}`;
    return shell('nsenter', ['-t', this.#holder, '-m', '/bin/bash', '-euc', script], {
      ...{ env: this.#env, boundMs: 580_000 },
    });
  }

  close(): void {
    for (const commands of [
      'podman rm -fa -t 5',
      'podman network prune -f',
      'podman volume prune -f',
      'podman rmi -fa',
    ]) {
      try {
        this.run(commands, this.#folder);
      } catch {
        // Nothing was made that it would take away.
      }
    }
    shell('kill', [this.#holder]);
  }
}

/**
 * A process with mounts of its own, by its number; it writes `ready` when they are made. crun takes no hierarchy of cgroups that is
 * half old and half new: here it sees the old one.
 */
function holdMounts(ready: string): string {
  const hold = `umount /sys/fs/cgroup/unified 2>/dev/null; touch '${ready}'; exec sleep 7200`;
  const wait = `while [ ! -e '${ready}' ]; do sleep 0.05; done`;
  const begin = `unshare -m /bin/bash -c "${hold}" >/dev/null 2>&1 & echo $!; ${wait}`;
  return shell('/bin/bash', ['-c', begin]).trim();
}
